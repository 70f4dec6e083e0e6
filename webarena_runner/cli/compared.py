"""Runs beside each other, for people: what differs, what flipped, and by how much."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from webarena_runner.cli.results import headline
from webarena_runner.report.comparison.pairs import Pair
from webarena_runner.report.comparison.runs import Compared, Comparison, Difference
from webarena_runner.report.comparison.wording import lines_of, points, why_not
from webarena_runner.types import EpisodeResult

LISTED = 50


def print_compared(compared: Compared, console: Console) -> None:
    for label, report in zip(compared.labels, compared.reports, strict=True):
        console.print(Text(label, style="bold").append(f"  {headline(report)}", style="not bold"), soft_wrap=True)
        for line in (*report.damaged, report.tasks_fault):
            if line:
                console.print(line, style="red", markup=False, soft_wrap=True)
    _print_differences(compared, console)
    for label, comparison in zip(compared.labels[1:], compared.comparisons, strict=True):
        _print_comparison(comparison, label, console)
    if len(compared.reports) > 2:
        _print_matrix(compared, console)


def _print_differences(compared: Compared, console: Console) -> None:
    console.print()
    if not compared.differences:
        console.print("The manifests say the same of model, tasks, sites, judge, versions and settings.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("what differs", overflow="fold")
    for label in compared.labels:
        table.add_column(label, overflow="fold")
    for each in compared.differences:
        table.add_row(*map(Text, (each.name, *each.texts)))
    console.print(table)


def _print_comparison(comparison: Comparison, label: str, console: Console) -> None:
    pairs, scored = len(comparison.paired.pairs), comparison.scored.tally.pairs
    console.print()
    console.print(Text(f"{label} against A", style="bold").append(f": {scored} of {pairs} pairs of task and trial"))
    for warning in comparison.warnings:
        text = Text("not comparable: ", style="bold yellow").append(warning, style="not bold")
        console.print(text, soft_wrap=True)
    for better, style, flips in zip(("A", label), ("red", "green"), comparison.flipped, strict=True):
        if flips:
            console.print(f"only {better} passes (steps in brackets):", style=style)
            _print_flips(flips, comparison, label, console)
    if scored:
        console.print(_sites(comparison, label))
    for line in lines_of(comparison, label):
        console.print(line, markup=False, soft_wrap=True)


def _print_flips(flips: Sequence[Pair], comparison: Comparison, label: str, console: Console) -> None:
    for pair in flips[:LISTED]:
        trial = f" trial {pair.key[1]}" if comparison.trials else ""
        ends = (_ending(run, result) for run, result in (("A", pair.first), (label, pair.second)))
        text = Text(f"  task {pair.key[0]}{trial} {pair.site}: {', '.join(ends)}: {why_not(pair)}")
        console.print(text, no_wrap=console.is_terminal, overflow="ellipsis", soft_wrap=not console.is_terminal)
    if len(flips) > LISTED:
        console.print(f"  ... and {len(flips) - LISTED} more (--json lists all)")


def _ending(label: str, result: EpisodeResult | None) -> str:
    return f"{label} {result.ending} ({result.steps})" if result else f"{label} not run"


def _sites(comparison: Comparison, label: str) -> Table:
    table = Table("sites", box=None, pad_edge=False)
    for column in ("pairs", "both", "only A", f"only {label}", "neither", "A %", f"{label} %", f"{label} - A"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, each in comparison.by_site.items():
        _add(table, name or "none", each)
    table.add_section()
    _add(table, "all", comparison.scored)
    return table


def _add(table: Table, name: str, each: Difference) -> None:
    found = each.tally
    first, second = found.rates
    counts = (found.pairs, found.both, found.only_first, found.only_second, found.neither)
    rates = (f"{100 * first:.1f}", f"{100 * second:.1f}", points(found.difference))
    table.add_row(Text(name), *map(str, counts), *rates)


def _print_matrix(compared: Compared, console: Console) -> None:
    table = Table("row - column", box=None, pad_edge=False)
    for label in compared.labels[:-1]:
        table.add_column(label, justify="right", no_wrap=True)
    for row, label in enumerate(compared.labels[1:], start=1):
        earlier = compared.labels[:row]
        table.add_row(label, *(_cell(compared.matrix[first, label]) for first in earlier))
    console.print()
    console.print(table)
    console.print("points; * where a difference is shown")


def _cell(each: Comparison) -> str:
    found = each.scored.tally
    if not found.pairs:
        return "-"
    return points(found.difference) + (" " if each.verdict == "unclear" else "*")

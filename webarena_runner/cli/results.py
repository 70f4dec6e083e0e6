"""The result table of a run."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from webarena_runner.log.quick import without_collection
from webarena_runner.report.notes import Note, cautions, notes
from webarena_runner.report.summary import Counts, NotPassed, RunReport
from webarena_runner.report.tables import INTERVAL, rate_line, statistics_tables
from webarena_runner.report.units import duration, percent
from webarena_runner.tasksets.ids import listed_ids

_STYLES = {"failed": "red", "errored": "yellow"}
# On a narrower terminal names would be cut off; --json has all.
WIDE = 100
SPARE = ("templates", "design effect")
_TOLD = {"by the way": None, "warning": "yellow", "damage": "red"}


@without_collection()
def print_report(report: RunReport, console: Console, *, exported: Sequence[str] = ()) -> None:
    """What did not pass, with the reason, then counts by site combination, so that the counts are seen last.

    The denominator of every rate is what was planned. What was not run is only counted.
    """
    total = report.total
    table = Table("sites", box=None, pad_edge=False)
    for column in ("planned", "passed", "failed", "errored", "not run", "success rate"):
        table.add_column(column, justify="right")
    for name, counts in report.by_site.items():
        _add(table, name or "none", counts)
    table.add_section()
    _add(table, "all", total)
    console.print(headline(report), markup=False, soft_wrap=True)
    _print_not_passed(report.not_passed, console)
    console.print(table)
    if rate := report.rate:
        console.print(
            f"{rate_line(rate, of='planned')}; {report.steps} steps, {report.tokens} tokens, "
            f"{duration(report.wall_s)}{_money(report)}",
            markup=False,
            soft_wrap=True,
        )
    if (scored := report.scored_rate) and scored.planned < total.planned:
        console.print(rate_line(scored, of="scored"), markup=False, soft_wrap=True)
    _print_notes(notes(report), console)
    console.print(f"run folder: {report.folder}", markup=False, soft_wrap=True)
    for line in exported:
        console.print(line, markup=False, soft_wrap=True)
    _print_notes(cautions(report), console)


def _print_not_passed(found: Sequence[NotPassed], console: Console) -> None:
    """A line for each that failed or errored; all at once where nobody watches, of which there may be thousands."""
    shown = [(each, _why(each)) for each in found if each.became in _STYLES]
    if not console.is_terminal:
        if shown:
            console.out("\n".join(f"{each.became}{why}" for each, why in shown), highlight=False)
        return
    for each, why in shown:
        text = Text(each.became, style=_STYLES[each.became]).append(why, style="default")
        console.print(text, no_wrap=True, overflow="ellipsis")


def _why(each: NotPassed) -> str:
    return f" task {each.task_id} trial {each.trial}" + (f": {' '.join(each.why.split())}" if each.why else "")


def print_statistics(report: RunReport, console: Console) -> None:
    """The long part: rates by what tasks are, over trials, and what episodes took."""
    for each in statistics_tables(report.statistics):
        kept = [at for at, head in enumerate(each.head) if console.width >= WIDE or head not in SPARE]
        table = Table(box=None, pad_edge=False, title=each.title, title_justify="left", title_style="bold")
        for at in kept:
            head = each.head[at]
            table.add_column(head, justify="right" if at else "left", no_wrap=head == INTERVAL or not at)
        for row in each.rows:
            table.add_row(*(Text(row[at]) for at in kept))
        console.print()
        console.print(table)
    for note in report.statistics.notes:
        console.print(note, style="yellow", markup=False, soft_wrap=True)


def _print_notes(found: Iterable[Note], console: Console) -> None:
    for note in found:
        console.print(note.text, style=_TOLD[note.told], markup=False, soft_wrap=True)


def headline(report: RunReport) -> str:
    """What was run, in one line."""
    manifest = report.manifest
    name = f"{manifest.model_name}, " if manifest.model_name != manifest.model else ""
    judge = f", judge {manifest.judge}" if manifest.judge else ""
    changed = f" (changed: {', '.join(manifest.profile_overrides)})" if manifest.profile_overrides else ""
    return (
        f"{report.run_id}: {manifest.model} ({name}agent {manifest.agent}{judge}) on {manifest.task_set}, "
        f"profile {manifest.profile}{changed}"
    )


def print_baseline(reports: Sequence[RunReport], console: Console) -> None:
    """One line an agent, and the ids of the tasks that it passed."""
    if not reports:
        return
    table = Table("agent", box=None, pad_edge=False)
    for column in ("planned", "passed", "failed", "undecided", "errored", "not run", "success rate"):
        table.add_column(column, justify="right")
    for report in reports:
        total = report.total
        counts = (total.planned, total.passed, total.failed, report.undecided, total.errored - report.undecided)
        table.add_row(report.manifest.agent, *map(str, counts), str(total.missing), percent(total.success_rate))
    manifest = reports[0].manifest
    seed = manifest.config["settings"]["seed"]
    console.print(f"{manifest.task_set}, profile {manifest.profile}, seed {seed}", markup=False)
    console.print(table)
    for report in reports:
        passed = listed_ids({task_id for task_id, _ in report.passed})
        console.print(f"{report.manifest.agent} passes {passed or 'none'}", markup=False, soft_wrap=True)
    if any(report.undecided for report in reports):
        console.print("undecided: only a judge could score the answer, and there is none (--judge)", style="yellow")
    if manifest.caution:
        console.print(manifest.caution, style="yellow", markup=False, soft_wrap=True)


def _money(report: RunReport) -> str:
    cost = "" if report.cost_usd is None else f", ${report.cost_usd:.4f}"
    share = report.cached_share
    return cost + ("" if share is None else f"; prefix cache hits: {100 * share:.0f} % of prompt tokens")


def _add(table: Table, name: str, counts: Counts) -> None:
    table.add_row(
        name,
        str(counts.planned),
        str(counts.passed),
        str(counts.failed),
        str(counts.errored),
        str(counts.missing),
        percent(counts.success_rate),
    )

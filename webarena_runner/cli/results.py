"""The result table of a run."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from webarena_runner.report.summary import Counts, RunReport
from webarena_runner.report.units import duration
from webarena_runner.tasksets.ids import listed_ids

_STYLES = {"failed": "red", "errored": "yellow"}


def print_report(report: RunReport, console: Console, *, exported: Sequence[str] = ()) -> None:
    """What did not pass, with the reason, then counts by site combination, so that the counts are seen last.

    The denominator of every rate is what was planned. What was not run is only counted.
    """
    manifest, total = report.manifest, report.total
    table = Table("sites", box=None, pad_edge=False)
    for column in ("planned", "passed", "failed", "errored", "not run", "success rate"):
        table.add_column(column, justify="right")
    for name, counts in report.by_site.items():
        _add(table, name or "none", counts)
    table.add_section()
    _add(table, "all", total)
    console.print(headline(report), markup=False, soft_wrap=True)
    for each in report.not_passed:
        if style := _STYLES.get(each.became):
            text = Text(each.became, style=style).append(f" task {each.task_id} trial {each.trial}", style="default")
            text.append(f": {' '.join(each.why.split())}" if each.why else "", style="default")
            console.print(text, no_wrap=console.is_terminal, overflow="ellipsis", soft_wrap=not console.is_terminal)
    console.print(table)
    if report.interval:
        low, high = report.interval
        # Trials of a task are no further tasks.
        by = f" by {report.tasks} tasks" if report.tasks < total.planned else ""
        console.print(
            f"{total.passed} of {total.planned} planned = {100 * total.success_rate:.1f} % "
            f"(95 % interval {100 * low:.1f} to {100 * high:.1f}{by}); {report.steps} steps, {report.tokens} tokens, "
            f"{duration(report.wall_s)}{_money(report)}",
            markup=False,
            soft_wrap=True,
        )
    _print_notes(report, console)
    console.print(f"run folder: {report.folder}", markup=False, soft_wrap=True)
    for line in exported:
        console.print(line, markup=False, soft_wrap=True)
    if manifest.caution:
        console.print(manifest.caution, style="yellow", markup=False, soft_wrap=True)
    if manifest.task_set_modified:
        console.print("the task file is not the official one: do not compare with WebArena numbers", style="yellow")


def _print_notes(report: RunReport, console: Console) -> None:
    """What a reader of the rates has to know of some episodes."""
    if report.unanswered:
        causes = ", ".join(f"{cause} {count}" for cause, count in sorted(report.unanswered.items()))
        console.print(f"errors because the model gave no answer: {causes}", style="yellow", soft_wrap=True)
    if report.cut_replies:
        console.print(
            f"{report.cut_replies} replies were cut at their limit (-o sampling.max_tokens=N sets it)",
            style="yellow",
            soft_wrap=True,
        )
    if report.thought_replies:
        console.print(
            f"{report.thought_replies} replies hold thoughts, and an action in them is done as in official runs "
            "(-o actions.skip_thoughts=true leaves them out)",
            style="yellow",
            soft_wrap=True,
        )
    if report.thought_verdicts:
        console.print(
            f"{report.thought_verdicts} replies of the judge hold thoughts, and words in them decide as in official "
            "runs (-o scoring.judge_skip_thoughts=true leaves them out)",
            style="yellow",
            soft_wrap=True,
        )
    if report.kept_verdicts:
        console.print(
            f"{report.kept_verdicts} of {report.verdicts} verdicts of the judge were kept from the same question asked "
            "before (-o judge.cache=false: ask each time)",
            soft_wrap=True,
        )
    for line in report.corrected.lines() if report.corrected else ():
        console.print(line, style="yellow", markup=False, soft_wrap=True)
    for line in report.damaged:
        console.print(line, style="red", markup=False, soft_wrap=True)


def headline(report: RunReport) -> str:
    """What was run, in one line."""
    manifest = report.manifest
    judge = f", judge {manifest.judge}" if manifest.judge else ""
    changed = f" (changed: {', '.join(manifest.profile_overrides)})" if manifest.profile_overrides else ""
    return (
        f"{report.run_id}: {manifest.model} (agent {manifest.agent}{judge}) on {manifest.task_set}, "
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
        rate = f"{100 * total.success_rate:.1f} %"
        table.add_row(report.manifest.agent, *map(str, counts), str(total.missing), rate)
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
        f"{100 * counts.success_rate:.1f} %",
    )

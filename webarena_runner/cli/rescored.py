"""What a re-scoring came to, for people."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from webarena_runner.report.units import percent
from webarena_runner.rescoring.request import Done
from webarena_runner.rescoring.rules import Sides
from webarena_runner.rescoring.whole import Questions
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.types import Agreement, RescoredEpisode, Standing

SAID_OF = {
    Standing.NEEDS_LIVE_CHECK: "need a live check, since the run has not kept what the check looks at",
    Standing.NEEDS_JUDGE: "need a judge's verdict that was not recorded (--judge NAME)",
    Standing.JUDGE_FAILED: "have no score because the judge failed",
    Standing.NO_TASK: "are not in the task file, or cannot be read there",
    Standing.ERRORED: "ended in an error, which no re-scoring mends",
    Standing.NOT_RUN: "did not run",
}
_SHOWN = 200


@contextmanager
def asking(console: Console, questions: Questions) -> Iterator[Callable[[], None]]:
    """A bar of the questions that are answered, where somebody watches."""
    if not questions.open or not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("asking the judge"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("asking", total=questions.open + questions.kept)
        yield lambda: progress.advance(bar)


def print_rescored(done: Done, console: Console) -> None:
    """What changed and why, what could not be scored, and the counts last."""
    rescoring = done.rescoring
    for each in done.changed:
        _print_change(each, console)
    _print_standings(done.episodes, console)
    if done.request.unlike:
        listed = listed_ids(done.request.unlike)
        _say(console, f"task {listed}: not as the errata have it, so it was left as it is", style="yellow")
    if caveats := [each for each in done.episodes if each.caveat]:
        listed = listed_ids({each.task_id for each in caveats})
        _say(console, f"{len(caveats)} scores are for what the run saw ({caveats[0].caveat}): task {listed}")
    if rescoring.agreement:
        print_agreement(rescoring.agreement, console)
    rules = f"profile {rescoring.profile}"
    by = [rules, f"judge {rescoring.judge}" if rescoring.judge else "", rescoring.tasks_file]
    _say(console, f"{rescoring.run_id} by {', '.join(filter(None, [*by, 'errata' if rescoring.errata else '']))}")
    passed = rescoring.passed_before, rescoring.passed
    rates = " -> ".join(percent(count / rescoring.planned) for count in passed) if rescoring.planned else "no rate"
    cost = "" if rescoring.cost_usd is None else f"; the judge cost ${rescoring.cost_usd:.4f}"
    _say(
        console,
        f"{rescoring.passed_before} -> {rescoring.passed} of {rescoring.planned} planned passed "
        f"({rates}), {len(done.changed)} changed{cost}",
    )
    _say(console, f"{'written to' if done.is_new else 'as before, in'} {done.folder}")


def print_agreement(found: Agreement, console: Console) -> None:
    """Cohen's kappa, and each question on which the two differ."""
    for each in found.disagreements:
        text = Text("disagree", style="yellow").append(f" task {each.task_id} trial {each.trial}", style="default")
        said = f": {_verdict(each.before)} -> {_verdict(each.after)} on {each.answer!r} against {each.reference!r}"
        console.print(text.append(said, style="default"), soft_wrap=True)
        _say(console, f"    before: {_short(each.reply_before)}")
        _say(console, f"    now:    {_short(each.reply_after)}")
    kappa = "undefined, since both always said the same" if found.kappa is None else f"{found.kappa:.3f}"
    if found.interval:
        kappa += f" (95 % interval {found.interval[0]:.3f} to {found.interval[1]:.3f})"
    _say(
        console,
        f"{found.judge_after} agrees with {found.judge_before or 'the recorded verdicts'} on {found.agreed} of "
        f"{found.questions} questions; Cohen's kappa {kappa}",
    )


def print_rules(run_id: str, sides: Sides, console: Console, *, show_all: bool = False) -> None:
    """The episodes that differ, or all of them, then totals; - where what was kept does not allow a score."""
    table = Table("task", box=None, pad_edge=False)
    for name in sides.columns:
        table.add_column(name, justify="right")
    table.add_column("why", overflow="fold")
    for (task_id, trial), row in sides.all if show_all else sides.differing:
        label = f"{task_id}" + (f" trial {trial}" if trial else "")
        failing = next((each.why for each in row.values() if each.value == 0), "")
        table.add_row(label, *(_cell(each) for each in row.values()), Text(_short(failing)))
    table.add_section()
    planned = len(sides.keys)
    table.add_row("passed", *(str(sides.passed(name)) for name in sides.columns), f"of {planned} planned")
    rates = (f"{100 * sides.passed(name) / planned:.1f} %" if planned else "" for name in sides.columns)
    table.add_row("success rate", *rates, "")
    if any(sides.score(name) != sides.passed(name) for name in sides.columns):
        means = (f"{sides.score(name) / planned:.3f}" for name in sides.columns)
        table.add_row("mean score", *means, "some give fractions")
    table.add_row("-", *(str(sides.open(name)) for name in sides.columns), "what was kept does not allow a score")
    console.print(table)
    for name, column in sides.columns.items():
        _print_standings(column, console, under=f"by {name}: ")
        if sides.caveats(name):
            caveat = next(each.caveat for each in column if each.caveat)
            _say(console, f"by {name}: {sides.caveats(name)} scores, marked *, are for what the run saw: {caveat}")
    _say(console, f"{run_id}: {len(sides.differing)} of {planned} episodes differ")


def _print_change(each: RescoredEpisode, console: Console) -> None:
    became = Text(f"{_value(each.before)} -> {_value(each.value)}", style="green" if each.value == 1 else "red")
    became.append(f" task {each.task_id} trial {each.trial}: {' '.join(each.why.split())}", style="default")
    console.print(became, soft_wrap=True)
    if each.was and each.was != each.why:
        _say(console, f"    before: {' '.join(each.was.split())}")


def _print_standings(episodes: Sequence[RescoredEpisode], console: Console, *, under: str = "") -> None:
    """Each kind of what has no new score, with the tasks; reasons where they say more than the kind does."""
    groups: dict[Standing, list[RescoredEpisode]] = defaultdict(list)
    for each in episodes:
        groups[each.standing].append(each)
    for standing, said in SAID_OF.items():
        if held := groups.get(standing):
            ids = listed_ids({each.task_id for each in held})
            _say(console, f"{under}{len(held)} {said}: task {ids}", style="yellow")
            if standing in (Standing.NEEDS_LIVE_CHECK, Standing.JUDGE_FAILED, Standing.NO_TASK):
                for why, of_them in _by_reason(held):
                    _say(console, f"    task {listed_ids({each.task_id for each in of_them})}: {_short(why)}")


def _by_reason(held: Sequence[RescoredEpisode]) -> list[tuple[str, list[RescoredEpisode]]]:
    groups: dict[str, list[RescoredEpisode]] = defaultdict(list)
    for each in held:
        groups[each.why].append(each)
    return list(groups.items())


def _cell(each: RescoredEpisode) -> str:
    return _value(each.value) + ("*" if each.caveat and each.value is not None else "")


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _verdict(score: float | None) -> str:
    return {0.0: "no", 1.0: "yes", None: "unclear"}[score]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _say(console: Console, text: str, *, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, soft_wrap=True)

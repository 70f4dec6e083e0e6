"""`wa-run compare`: two or more runs on the tasks that they have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.report.comparison.runs import Compared

NOTES = (
    "[bold]Numbers[/bold] are of pairs: the same task and trial, with a score in both runs. What ended in an error or "
    "has not run is left out, and counted. The interval of the difference is a bootstrap over intent templates, with "
    "the same seed each time.\n\n"
    "[bold]Exit code[/bold]: 0 compared; 1 a run is worse, or none of its pairs has two scores (--fail-if-worse); "
    "2 bad usage, such as runs without a task in common."
)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN", help="Run folders, or run ids under --out; the first is A, what others are held against."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders are.")] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object, for programs.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as Markdown, for pull requests and job summaries.")
    ] = False,
    fail_if_worse: Annotated[
        bool,
        typer.Option(
            "--fail-if-worse",
            help="Exit code 1 when a run passes less than A: the interval of the difference is wholly below 0.",
        ),
    ] = False,
) -> None:
    """Compare two or more runs, finished or not: what differs in their settings, what flipped, and by how much."""
    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other; leave one of them out")
    from webarena_runner.cli.compared import print_compared
    from webarena_runner.cli.console import echo, echo_json, stderr, stdout
    from webarena_runner.log.paths import find_run
    from webarena_runner.report.comparison.markdown import as_markdown
    from webarena_runner.report.comparison.runs import compare_runs

    compared = compare_runs([find_run(run, out) for run in runs])
    code = _exit_code(compared, stderr()) if fail_if_worse else 0
    if as_json:
        echo_json(compared.as_json() | {"exit_code": code})
    elif markdown:
        echo(as_markdown(compared))
    else:
        print_compared(compared, stdout())
    raise typer.Exit(code)


def _exit_code(compared: "Compared", console: "Console") -> int:
    """1 when a run is worse than the first or cannot be held against it, which is said on the console."""
    faults = []
    for label, each in zip(compared.labels[1:], compared.comparisons, strict=True):
        if not each.scored.tally.pairs:
            faults.append(f"{label} has no score that can be held against one of A (--fail-if-worse)")
        elif each.scored.interval and each.scored.interval.is_worse:
            faults.append(f"{label} passes less than A (--fail-if-worse)")
    for fault in faults:
        console.print(fault, style="red", markup=False, soft_wrap=True)
    return int(bool(faults))

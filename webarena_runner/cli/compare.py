"""`wa-run compare`: two or more runs on the tasks that they have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.html import open_page, told
from webarena_runner.cli.runs import Out
from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.report.comparison.runs import Compared
    from webarena_runner.report.html.writing import Written

NOTES = (
    "[bold]Numbers[/bold] are of pairs: the same task and trial, with a score in both runs. What ended in an error or "
    "has not run is left out, and counted. The interval of the difference is a bootstrap over intent templates, with "
    "the same seed each time.\n\n"
    "[bold]Exit code[/bold]: 0 compared; 1 a run is worse, or none of its pairs has two scores (--fail-if-worse); "
    "2 bad usage, such as runs without a task in common."
)


Runs = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN", help="Run folders, or run ids under --out; the first is A, what others are held against."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as one JSON object, for programs.")]
Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print it as Markdown, for pull requests and job summaries.")
]
Html = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="FOLDER",
        help="Write web pages into this folder too: the numbers, and both trajectories of each task that flipped "
        "beside each other.",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open these pages in a browser.")]
FailIfWorse = Annotated[
    bool,
    typer.Option(
        "--fail-if-worse",
        help="Exit code 1 when a run is shown to pass less than A: the interval of the difference is below 0.",
    ),
]


def compare(
    runs: Runs,
    out: Out = Path("results"),
    as_json: AsJson = False,
    markdown: Markdown = False,
    html: Html = None,
    open_it: Open = False,
    fail_if_worse: FailIfWorse = False,
) -> None:
    """Compare two or more runs, finished or not: what differs in their settings, what flipped, and by how much."""
    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other; leave one of them out")
    if open_it and html is None:
        raise UsageError("--open opens the web pages; give --html too")
    from webarena_runner.cli.compared import print_compared
    from webarena_runner.cli.console import echo, echo_json, stderr, stdout
    from webarena_runner.log.paths import find_run
    from webarena_runner.report.comparison.markdown import as_markdown
    from webarena_runner.report.comparison.runs import compare_runs

    compared = compare_runs([find_run(run, out) for run in runs])
    written = None if html is None else _write(compared, html, stderr(), open_it=open_it)
    code = _exit_code(compared, stderr()) if fail_if_worse else 0
    if as_json:
        echo_json(compared.as_json() | {"html": written and str(written.index), "exit_code": code})
    elif markdown:
        echo(as_markdown(compared))
    else:
        print_compared(compared, stdout())
    if written and not as_json:
        (stderr() if markdown else stdout()).print(
            told(written, what="pages", of="tasks"), markup=False, soft_wrap=True
        )
    raise typer.Exit(code)


def _write(compared: "Compared", html: str, console: "Console", *, open_it: bool) -> "Written":
    from webarena_runner.report.html.comparing import write_comparison

    if not html:
        raise UsageError("--html: give the folder that the pages go to")
    with console.status("writing the pages") as status:
        written = write_comparison(
            compared,
            Path(html).expanduser(),
            on_pages=lambda done, of: status.update(f"writing the pages: {done} of {of} tasks"),
        )
    if open_it:
        open_page(written.index)
    return written


def _exit_code(compared: "Compared", console: "Console") -> int:
    """1 when a run is worse than the first or cannot be held against it, which is said on the console."""
    faults = []
    for label, each in zip(compared.labels[1:], compared.comparisons, strict=True):
        if not each.scored.tally.pairs:
            faults.append(f"{label} has no score that can be held against one of A (--fail-if-worse)")
        elif each.verdict == "worse":
            faults.append(f"{label} passes less than A (--fail-if-worse)")
    for fault in faults:
        console.print(fault, style="red", markup=False, soft_wrap=True)
    return int(bool(faults))

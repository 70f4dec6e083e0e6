"""Starting, resuming and reporting a run."""

import logging
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli import INTERRUPTED
from webarena_runner.cli.consent import require_consent_to_resets
from webarena_runner.cli.html import FailedOnly, Html, Open, SingleFile, Wanted, write_html
from webarena_runner.errors import UsageError
from webarena_runner.stopping import STOP_SIGNALS

if TYPE_CHECKING:
    import asyncio

    from rich.console import Console

    from webarena_runner.report.threshold import Threshold
    from webarena_runner.running.run import Prepared, RunSummary
    from webarena_runner.settings.loading import CliOptions

log = logging.getLogger(__name__)
SAME_WISH_S = 1.0
FORMS = ("table", "markdown", "json")
RunFolder = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, or run id under --out.")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders are.")]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="PATH", help="Write the run's row to this leaderboard.csv too.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON, with every result, for programs.")]
Outcome = Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object, for programs.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="table|markdown|json",
        help="Markdown lists what did not pass, for pull requests and job summaries. [dim]Default: table[/dim]",
    ),
]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Print it as Markdown: --format markdown.")]
Stats = Annotated[
    bool,
    typer.Option(
        "--stats",
        help="Also rates with their intervals by site, evaluator and trial, the average over templates, pass@k and "
        "pass^k, and what a task and a pass took. --json always has them.",
    ),
]
CheckRun = Annotated[
    bool,
    typer.Option(
        "--check", help="Exit code 1 when tasks ended in an error or did not run, or fewer passed than --fail-under."
    ),
]
FailUnder = Annotated[
    str | None,
    typer.Option(
        "--fail-under",
        metavar="N%|N",
        help="Exit code 1 when less passes: a share of what is planned, such as 90%, or a number of episodes.",
    ),
]


@dataclass(frozen=True)
class Start:
    """One command line of the bare form."""

    options: "CliOptions"
    out: Path
    run_id: str | None
    fail_under: str | None
    as_json: bool
    verbose: bool
    skip_doctor: bool = False
    yes: bool = False


def start(given: Start, environ: Mapping[str, str]) -> int:
    """Runs the chosen tasks; returns the exit code."""
    from webarena_runner.settings.loading import explicit_settings, load_run_config

    config, overrides = load_run_config(given.options, environ)
    # Imported after the settings are known to be right: it takes a second that an error message need not wait for.
    from webarena_runner.running.run import prepare

    explicit = explicit_settings(given.options)
    prepared = prepare(config, out=given.out, run_id=given.run_id, overrides=overrides, explicit=explicit)
    prepared = replace(prepared, look_first=not given.skip_doctor)
    threshold = threshold_of(given.fail_under, len(prepared.manifest.planned))
    require_consent_to_resets([prepared], environ, yes=given.yes)
    return play(prepared, environ, threshold, as_json=given.as_json, verbose=given.verbose)


def show_plan(given: Start, environ: Mapping[str, str]) -> int:
    """Prints what would be run, and before it whether it would start; the exit code is that of such a start."""
    import asyncio

    from webarena_runner.settings.loading import explicit_settings, load_run_config

    config, overrides = load_run_config(given.options, environ)
    from webarena_runner.cli.console import echo_json, print_error, stdout
    from webarena_runner.cli.plan import WOULD_NOT_START, load_plan, print_plan
    from webarena_runner.running.rehearsal import rehearse
    from webarena_runner.running.run import prepare

    plan = load_plan(config, overrides, runs=given.out)
    threshold_of(given.fail_under, plan.episodes)

    def prepared() -> "Prepared":
        explicit = explicit_settings(given.options)
        return prepare(config, out=given.out, run_id=given.run_id, overrides=overrides, explicit=explicit)

    rehearsing = rehearse(
        config, plan.tasks, environment=plan.loaded.environment, out=given.out, environ=environ, prepared=prepared
    )
    rehearsed = asyncio.run(rehearsing)
    if faults := rehearsed.faults:
        listed = f" {faults[0]}" if len(faults) == 1 else "".join(f"\n- {fault}" for fault in faults)
        print_error(UsageError(f"{WOULD_NOT_START}:{listed}"), verbose=False)
    plan = replace(plan, faults=faults, notes=rehearsed.notes, resets=rehearsed.resets)
    if given.as_json:
        echo_json(plan.as_json())
    else:
        print_plan(plan, stdout())
    return 2 if faults else 0


def report(
    run: RunFolder,
    out: Out = Path("results"),
    csv: Csv = None,
    as_json: AsJson = False,
    form: Format = None,
    as_markdown: AsMarkdown = False,
    stats: Stats = False,
    check: CheckRun = False,
    fail_under: FailUnder = None,
    html: Html = None,
    single_file: SingleFile = False,
    failed_only: FailedOnly = False,
    open_it: Open = False,
) -> None:
    """Print the result table of a run from its folder, finished or not, or make web pages of it.

    Exit code: 0 printed, 1 it is not good (--check, --fail-under), 2 bad usage.
    """
    from webarena_runner.cli.console import echo, echo_json, stderr, stdout
    from webarena_runner.cli.export import write_exports
    from webarena_runner.cli.outcome import exit_code
    from webarena_runner.cli.results import print_report, print_statistics
    from webarena_runner.log.paths import find_run
    from webarena_runner.report.markdown import as_markdown as markdown_of
    from webarena_runner.report.summary import load_run

    wanted = Wanted(html, single_file, failed_only, open_it)
    wanted.require_sense()
    table_wanted = form is not None or html is None
    form = _form(form, as_json=as_json, as_markdown=as_markdown)
    folder = find_run(run, out)
    found = load_run(folder)
    threshold = threshold_of(fail_under, found.total.planned)
    exported = () if csv is None else write_exports([f"leaderboard={csv}"], folder)
    written = write_html(found, wanted, stderr())
    if written:
        exported = (*exported, written)
    match form:
        case "json":
            echo_json(found.as_json() | {"exported": list(exported)})
        case "markdown":
            echo(markdown_of(found, with_statistics=stats))
        case _ if table_wanted or stats:
            print_report(found, stdout(), exported=exported)
            if stats:
                print_statistics(found, stdout())
        case _:
            echo("\n".join(exported))
    if check or threshold:
        raise typer.Exit(exit_code(found, threshold, stderr()))


def _form(form: str | None, *, as_json: bool, as_markdown: bool) -> str:
    if form is not None and form not in FORMS:
        raise UsageError(f"--format {form}: expected one of {', '.join(FORMS)}")
    wanted = [name for name, is_wanted in (("json", as_json), ("markdown", as_markdown)) if is_wanted]
    if len({*wanted, form} - {None}) > 1:
        other = f"--format {form}" if form else "--markdown"
        raise UsageError(f"--{wanted[0]} and {other} exclude each other; leave one of them out")
    return wanted[0] if wanted else form or FORMS[0]


def threshold_of(text: str | None, planned: int) -> "Threshold | None":
    """Raises ConfigError for a text that is none, or more than can pass."""
    from webarena_runner.report.threshold import read_threshold

    if text is None:
        return None
    threshold = read_threshold(text)
    threshold.require_possible(planned)
    return threshold


def play(
    prepared: "Prepared",
    environ: Mapping[str, str],
    threshold: "Threshold | None",
    *,
    as_json: bool,
    verbose: bool,
) -> int:
    import asyncio

    from webarena_runner.cli.console import echo_json, start_logging, stderr, stdout
    from webarena_runner.cli.outcome import exit_code, outcome_json
    from webarena_runner.cli.results import print_report
    from webarena_runner.log.paths import is_run
    from webarena_runner.report.summary import load_run
    from webarena_runner.running.temporary import own_tmpdir

    console = stderr()
    start_logging(console, verbose=verbose)
    with own_tmpdir():
        summary = asyncio.run(until_done_or_interrupted(prepared, environ, console))
    if summary is None and not is_run(prepared.folder):
        console.print("interrupted before any work was done", markup=False)
        return INTERRUPTED
    report = summary.report if summary else load_run(prepared.folder)
    exported, stopped = (summary.exported, summary.stopped) if summary else ((), "")
    code = exit_code(report, threshold, console, stopped=stopped) if summary else INTERRUPTED
    if as_json:
        outcome = outcome_json(report, code, exported=exported, stopped=stopped, interrupted=summary is None)
        echo_json(outcome)
    else:
        print_report(report, stdout(), exported=exported)
    resume = f"wa-run resume {shlex.quote(str(prepared.folder))}"
    if summary is None:
        console.print(f"interrupted; go on with: {resume}", markup=False)
    elif stopped:
        console.print(f"stopped early: {stopped}; go on with: {resume}", markup=False)
    return code


async def until_done_or_interrupted(
    prepared: "Prepared", environ: Mapping[str, str], console: "Console"
) -> "RunSummary | None":
    """None: interrupted. The first signal lets running episodes clean up; one after a second ends the process."""
    import asyncio

    from webarena_runner.cli.progress import shown
    from webarena_runner.running.run import run

    with shown(console) as on_event:
        running = asyncio.ensure_future(run(prepared, on_event=on_event, environ=environ))
        interrupted = _cancel_on_signal(running)
        try:
            return await running
        except asyncio.CancelledError:
            if not interrupted:
                raise
        except Exception as error:
            if not interrupted:
                raise
            log.warning("while stopping: %s", error)
        return None


def _cancel_on_signal(running: "asyncio.Future[RunSummary]") -> list[int]:
    """Cancels at the first of the signals that end a run, and notes it in the list that it returns."""
    import asyncio

    loop = asyncio.get_running_loop()
    # `nohup`, and a shell that starts a job in the background, have some of them ignored.
    wanted = [each for each in STOP_SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    noted: list[int] = []

    def stop(number: int) -> None:
        noted.append(number)
        if len(noted) == 1:
            # The same wish may come twice: `timeout` signals the run, and then its process group with the run in it.
            loop.call_later(SAME_WISH_S, end_at_next)
            running.cancel()

    def end_at_next() -> None:
        for each in wanted:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for each in wanted:
        loop.add_signal_handler(each, stop, each)
    return noted

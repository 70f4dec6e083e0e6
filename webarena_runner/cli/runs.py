"""Starting, resuming and reporting a run."""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.running.run import Prepared, RunSummary
    from webarena_runner.settings.loading import CliOptions

log = logging.getLogger(__name__)
INTERRUPTED = 130
# Ctrl-C, what `timeout` and CI runners send, and a terminal that is closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_WISH_S = 1.0
RunFolder = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, or run id under --out.")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders are.")]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        min=0,
        help="What the whole run may cost, its earlier starts included. [dim]Default: as it began[/dim]",
    ),
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="PATH", help="Write the run's row to this leaderboard.csv too.")
]
To = Annotated[
    list[str],
    typer.Option(
        "--to",
        metavar="NAME[=TARGET]",
        help="Exporter, and where it is to write: [b]leaderboard[/b] writes leaderboard.csv beside the run folder, or "
        "[b]leaderboard=PATH[/b]. Repeatable.",
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON, with every result, for programs.")]


@dataclass(frozen=True)
class Start:
    """One command line of the bare form."""

    options: "CliOptions"
    out: Path
    run_id: str | None
    verbose: bool


def start(given: Start, environ: Mapping[str, str]) -> int:
    """Runs the chosen tasks; returns the exit code."""
    from webarena_runner.settings.loading import load_run_config

    config, overrides = load_run_config(given.options, environ)
    # Imported after the settings are known to be right: it takes a second that an error message need not wait for.
    from webarena_runner.running.run import prepare

    prepared = prepare(config, out=given.out, run_id=given.run_id, overrides=overrides)
    return _run(prepared, environ, verbose=given.verbose)


def show_plan(given: Start, environ: Mapping[str, str]) -> int:
    """Prints what would be run; then raises what would keep it from starting."""
    from webarena_runner.settings.loading import load_run_config

    config, overrides = load_run_config(given.options, environ)
    from webarena_runner.cli.console import stdout
    from webarena_runner.cli.plan import print_plan
    from webarena_runner.running.run import prepare

    print_plan(config, overrides, stdout(), runs=given.out)
    prepared = prepare(config, out=given.out, run_id=given.run_id, overrides=overrides)
    for note in prepared.notes:
        stdout().print(note, markup=False, soft_wrap=True)
    return 0


def resume(
    context: typer.Context,
    run: RunFolder,
    out: Out = Path("results"),
    max_cost: MaxCost = None,
) -> None:
    """Go on with an interrupted or stopped run: what is finished stays, errors are tried again."""
    from webarena_runner.log.paths import find_run
    from webarena_runner.running.run import prepare_resume

    prepared = prepare_resume(find_run(run, out), max_cost_usd=max_cost)
    raise typer.Exit(_run(prepared, os.environ, verbose=context.obj["verbose"]))


def report(run: RunFolder, out: Out = Path("results"), csv: Csv = None, as_json: AsJson = False) -> None:
    """Print the result table of a run from its folder, finished or not."""
    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.results import print_report
    from webarena_runner.log.paths import find_run
    from webarena_runner.report.summary import load_run

    folder = find_run(run, out)
    exported = () if csv is None else _export([f"leaderboard={csv}"], folder)
    if as_json:
        echo_json(load_run(folder).as_json())
    else:
        print_report(load_run(folder), stdout(), exported=exported)


def export(run: RunFolder, to: To, out: Out = Path("results")) -> None:
    """Write a run, finished or not, in a form for elsewhere: a row of a leaderboard, or what another exporter makes."""
    from webarena_runner.cli.console import stdout
    from webarena_runner.log.paths import find_run

    for line in _export(to, find_run(run, out)):
        stdout().print(line, markup=False, soft_wrap=True)


def _export(texts: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Nothing is written when one of them is wrong."""
    from webarena_runner.export.targets import open_export

    exports = [open_export(text, out=folder.parent, environ=os.environ) for text in texts]
    return tuple(each.write(folder) for each in exports)


def _run(prepared: "Prepared", environ: Mapping[str, str], *, verbose: bool) -> int:
    from webarena_runner.cli.console import start_logging, stderr, stdout
    from webarena_runner.cli.results import print_report
    from webarena_runner.log.paths import is_run
    from webarena_runner.report.summary import load_run

    console = stderr()
    start_logging(console, verbose=verbose)
    summary = asyncio.run(until_done_or_interrupted(prepared, environ, console))
    if summary is None:
        if is_run(prepared.folder):
            print_report(load_run(prepared.folder), stdout())
            console.print(f"interrupted; go on with: wa-run resume {prepared.folder}", markup=False)
        else:
            console.print("interrupted before any work was done", markup=False)
        return INTERRUPTED
    print_report(summary.report, stdout(), exported=summary.exported)
    total = summary.report.total
    if summary.stopped:
        console.print(f"stopped early: {summary.stopped}; go on with: wa-run resume {prepared.folder}", markup=False)
    return int(bool(total.errored or total.missing or summary.stopped))


async def until_done_or_interrupted(
    prepared: "Prepared", environ: Mapping[str, str], console: "Console"
) -> "RunSummary | None":
    """None: interrupted. The first signal lets running episodes clean up; one after a second ends the process."""
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

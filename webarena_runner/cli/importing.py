"""`wa-run import`: results that something else recorded, as run folders."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out
from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.importers.run import ImportedRun

OFFICIAL, PLAYWRIGHT = KINDS = ("official", "playwright")
NOTES = """\
[bold]--from official DIR[/bold] reads a result folder of the official harness:
its render_ID.html files (observations, replies, actions, pictures), the
results in its logs (merged_log.txt, or the logs that log_files.txt names),
its config.json and error.txt. What was not written there is not known
afterwards either: tokens, evidence, times of steps. So `wa-run rescore`
says that its tasks need a live check.

[bold]--from playwright TRACE.zip ...[/bold] reads traces, zipped or unpacked, as of
people who did the tasks: actions, addresses, the text of the page and a
picture of it before each action. A trace has no score: its episodes count
as errors of class unscored. The task id is the number in the file's name,
or what --map says.

[bold]Examples[/bold]
  wa-run import --from official results_gpt4/ --run-id gpt4
  wa-run import --from playwright human/*.zip --run-id human
  wa-run import --from playwright login.zip --map login=27

[bold]Exit code[/bold]: 0 imported, or it was already; 2 bad usage, nothing was written."""
Source = Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="A folder, or traces.", show_default=False)]
From = Annotated[str, typer.Option("--from", metavar="|".join(KINDS), help="What recorded them.")]
RunId = Annotated[
    str | None,
    typer.Option(
        "--run-id", metavar="NAME", help="Name of the run folder. [dim]Default: made of the source's name[/dim]"
    ),
]
TaskSet = Annotated[
    str, typer.Option("--task-set", metavar="NAME|FILE", help="The tasks that they are of, for sites and checks.")
]
Tasks = Annotated[
    str | None,
    typer.Option(
        "--tasks",
        metavar="EXPR",
        help="Which tasks were planned, as in wa-run --tasks. [dim]Default: those that the source names[/dim]",
    ),
]
Log = Annotated[
    list[Path] | None,
    typer.Option("--log", metavar="FILE", help="A further log of the official harness. Repeatable."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="NAME=TASK", help="The task id of the trace NAME or NAME.zip. Repeatable."),
]


def import_run(
    source: Source,
    kind: From,
    out: Out = Path("results"),
    run_id: RunId = None,
    task_set: TaskSet = "webarena",
    tasks: Tasks = None,
    logs: Log = None,
    mapped: Map = None,
) -> None:
    """Make a run folder of results that something else recorded, for report, compare and export."""
    from webarena_runner.cli.console import stderr, stdout
    from webarena_runner.cli.results import print_report
    from webarena_runner.importers.run import is_imported
    from webarena_runner.report.summary import load_run
    from webarena_runner.running.plan import check_run_id

    run_id = run_id or _default_run_id(source, kind)
    check_run_id(run_id)
    run = _read(kind, source, run_id, task_set=task_set, tasks=tasks, logs=logs or (), mapped=mapped or ())
    folder = out / run_id
    if is_imported(folder, run.manifest):
        stderr().print(f"{folder}: is imported already, from the same files; nothing was written", markup=False)
    else:
        _write(run, folder, stderr())
    print_report(load_run(folder), stdout())


def _read(
    kind: str,
    source: list[Path],
    run_id: str,
    *,
    task_set: str,
    tasks: str | None,
    logs: "list[Path] | tuple[()]",
    mapped: "list[str] | tuple[()]",
) -> "ImportedRun":
    """Raises UsageError for what is not as it must be, and for options of the other kind."""
    from webarena_runner.importers.official.reading import read_folder, read_run
    from webarena_runner.importers.playwright.reading import read_traces

    match kind:
        case "official":
            _refuse("--map", mapped, kind)
            if len(source) != 1:
                raise UsageError(f"--from {kind}: expected one result folder, got {len(source)}; import each by itself")
            return read_run(read_folder(source[0], logs), run_id, task_set=task_set, expression=tasks)
        case "playwright":
            _refuse("--log", logs, kind)
            return read_traces(source, run_id, task_set=task_set, expression=tasks, mapped=mapped)
    raise UsageError(f"--from {kind}: expected one of {', '.join(KINDS)}")


def _refuse(option: str, given: "list[Path] | list[str] | tuple[()]", kind: str) -> None:
    if given:
        other = PLAYWRIGHT if kind == OFFICIAL else OFFICIAL
        raise UsageError(f"{option} is for --from {other}, and not for --from {kind}; leave it out")


def _write(run: "ImportedRun", folder: Path, console: "Console") -> None:
    from rich.progress import Progress

    from webarena_runner.importers.run import write_run

    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        shown = progress.add_task("importing", total=len(run.manifest.planned))
        write_run(run, folder, lambda: progress.advance(shown))
    for note in run.notes:
        console.print(note, markup=False)


def _default_run_id(source: list[Path], kind: str) -> str:
    name = source[0].resolve().name if kind == OFFICIAL else f"{len(source)}-traces"
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_-]+', '-', name).strip('-') or 'run'}"

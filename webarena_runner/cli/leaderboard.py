"""`wa-run leaderboard`: all runs under --out in one table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out
from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from webarena_runner.export.board import Board

NOTES = (
    "[bold]--sort[/bold]: rate, passed, planned, started (highest and latest first); model, profile, task-set, run (by "
    "the alphabet); errored, steps, tokens, cost, time (lowest first). Several with commas between; a - before a key "
    "turns it round, as in --sort=model,-cost.\n\n"
    "[bold]Groups[/bold] have the same tasks from the same file, sites, scoring rules and judge: only within one can "
    "success rates be set side by side. Compare two runs task by task with `wa-run compare`.\n\n"
    "[bold]Exit code[/bold]: 0 shown; 1 some run folders cannot be read, which are told on stderr; 2 bad usage."
)
PATTERN = "NAME"


def leaderboard(
    out: Out = Path("results"),
    task_set: Annotated[
        str | None,
        typer.Option("--task-set", metavar=PATTERN, help="Only runs of this task set; * stands for any characters."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar=PATTERN, help="Only runs of this model, such as 'llama*'.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar=PATTERN, help="Only runs with this profile.")
    ] = None,
    sort: Annotated[str, typer.Option("--sort", metavar="KEY,...", help="What comes first; see below.")] = "rate",
    csv: Annotated[
        bool, typer.Option("--csv", help="Print it as CSV, with the columns of leaderboard.csv and the group.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object, for programs.")] = False,
) -> None:
    """Print all runs under --out, finished or not, the best first.

    It is read from the run folders, so that rows of leaderboard.csv that were lost or changed do not matter.
    """
    if csv + markdown + as_json > 1:
        raise UsageError("--csv, --markdown and --json exclude each other; leave all but one of them out")
    from webarena_runner.cli.console import echo, echo_json, stderr, stdout
    from webarena_runner.export.board import Wanted, load_board
    from webarena_runner.export.board_texts import board_csv, board_json, board_markdown

    board = load_board(out, sort=sort, wanted=Wanted(task_set, model, profile))
    for fault in board.unreadable:
        stderr().print(f"not shown: {fault}", style="red", markup=False, soft_wrap=True)
    for entry in board.entries:
        for fault in entry.faults:
            stderr().print(fault, style="yellow", markup=False, soft_wrap=True)
    if csv:
        echo(board_csv(board).rstrip("\n"))
    elif markdown:
        echo(board_markdown(board))
    elif as_json:
        echo_json(board_json(board))
    else:
        _print(board, stdout())
    raise typer.Exit(int(bool(board.unreadable)))


def _print(board: "Board", console: "Console") -> None:
    from webarena_runner.export.board_texts import group_texts

    if not board.entries:
        return
    console.print(_table(board))
    console.print()
    for group, text in group_texts(board).items():
        console.print(f"group {group}: {text}", markup=False)
    if len(set(board.groups)) > 1:
        console.print("Success rates can be set side by side only within a group.", style="yellow")


def _table(board: "Board") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("group", "success", "95 % interval", "passed"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("model", "profile", "run"):
        table.add_column(column, overflow="fold")
    for entry, group in zip(board.entries, board.groups, strict=True):
        total, interval = entry.total, entry.interval
        run = Text(entry.run_id)
        if entry.marks:
            run.append(f"\n{entry.marks}", style="yellow")
        table.add_row(
            str(group),
            f"{100 * total.success_rate:.1f} %",
            f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}" if interval else "-",
            f"{total.passed}/{total.planned}",
            Text(entry.manifest.model_name),
            Text(f"{entry.manifest.profile}{', changed' if entry.manifest.profile_overrides else ''}"),
            run,
        )
    return table

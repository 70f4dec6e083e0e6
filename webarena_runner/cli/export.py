"""`wa-run export`: a run in a form for elsewhere."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out
from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.export.targets import Known
    from webarena_runner.settings.loading import Given

EXAMPLES = """\
[bold]Examples[/bold]
  wa-run export --list                                 what there is
  wa-run export --list --to sheet                      the options of one
  wa-run export RUN --to jsonl --to junit=report.xml   two at once
  wa-run export RUN --to sheet --sheet URL             shows the row, where
  wa-run export RUN --to sheet --sheet URL --write     appends it"""
SHEET, _OF_SHEET = "sheet", "For --to sheet"
RunFolder = Annotated[str | None, typer.Argument(metavar="RUN", help="Run folder, or run id under --out.")]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="NAME[=TARGET]",
        help="Exporter, and where it is to write: [b]leaderboard[/b] writes leaderboard.csv beside the run folder, or "
        "[b]leaderboard=PATH[/b]. Repeatable; --list shows all.",
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="NAME=VALUE",
        help="Sets an option of the exporter; --list --to NAME shows which there are. Repeatable.",
    ),
]
ListThem = Annotated[
    bool, typer.Option("--list", help="Show the exporters there are, with --to the options of one, and stop.")
]
AsJson = Annotated[bool, typer.Option("--json", help="With --list: a JSON array, for programs.")]
Sheet = Annotated[
    str | None,
    typer.Option(
        "--sheet", metavar="URL", help="Address or id of the Google Sheet: -o sheet=URL.", rich_help_panel=_OF_SHEET
    ),
]
Worksheet = Annotated[
    str | None,
    typer.Option(
        "--worksheet",
        metavar="NAME",
        help="Its tab: -o worksheet=NAME. [dim]Default: the one in the URL, else the first[/dim]",
        rich_help_panel=_OF_SHEET,
    ),
]
Write = Annotated[
    bool,
    typer.Option("--write", help="Append the row, and not only show it: -o write=true.", rich_help_panel=_OF_SHEET),
]


def export(
    context: typer.Context,
    run: RunFolder = None,
    to: To = None,
    options: Options = None,
    out: Out = Path("results"),
    list_them: ListThem = False,
    as_json: AsJson = False,
    sheet: Sheet = None,
    worksheet: Worksheet = None,
    write: Write = False,
) -> None:
    """Write a run, finished or not, in a form for elsewhere: a row of a leaderboard, or what another exporter makes.

    Exit code: 0 written (or shown, where --write is wanted for that), 2 bad usage, or it could not be written.
    """
    from webarena_runner.cli.console import start_logging, stderr, stdout
    from webarena_runner.log.paths import find_run

    start_logging(stderr(), verbose=context.obj["verbose"])
    # Of attempts that it makes by itself: what comes of them is told in our words.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    names = [text.partition("=")[0] for text in to or ()]
    if as_json and not list_them:
        raise UsageError("--json goes with --list; a run is told as JSON by: wa-run report RUN --json")
    if list_them:
        _print_known(names, stdout(), as_json=as_json)
        return
    if run is None:
        raise UsageError("export: which run? give its folder or id, as in: wa-run export RUN --to leaderboard")
    if not names:
        raise UsageError("export: to what? give --to NAME, such as --to leaderboard; wa-run export --list shows all")
    given = [_given(text) for text in options or ()] + _shorthands(names, sheet, worksheet, write=write)
    for line in write_exports(to or (), find_run(run, out), given):
        stdout().print(line, markup=False, soft_wrap=True)


def write_exports(texts: Sequence[str], folder: Path, given: "Sequence[Given]" = ()) -> tuple[str, ...]:
    """What each exporter says; nothing is written when one of them is wrong."""
    from webarena_runner.export.targets import open_exports

    exports = open_exports(texts, out=folder.parent, environ=os.environ, given=given)
    return tuple(each.write(folder) for each in exports)


def _given(text: str) -> "Given":
    from webarena_runner.settings.loading import Given
    from webarena_runner.settings.secrets import looks_secret

    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        shown = "-o" if looks_secret(text) else f"-o {text}"
        raise UsageError(f"{shown}: expected name=value, for example -o worksheet=Runs")
    return Given(name.strip(), value, f"-o {name.strip()}")


def _shorthands(names: Sequence[str], sheet: str | None, worksheet: str | None, *, write: bool) -> "list[Given]":
    """Raises UsageError when one is given without the exporter that it is of."""
    from webarena_runner.settings.loading import Given

    values = {"sheet": sheet, "worksheet": worksheet, "write": write or None}
    given = [Given(key, value, f"--{key}") for key, value in values.items() if value is not None]
    if given and SHEET not in names:
        raise UsageError(
            f"{given[0].origin} is for --to {SHEET}, and not for --to {names[0]}; add --to {SHEET}, or leave it out "
            f"(options of others are given with -o NAME=VALUE)"
        )
    return given


def _print_known(names: Sequence[str], console: "Console", *, as_json: bool) -> None:
    """All exporters in a table; of those that are named, their options too."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.console import echo_json
    from webarena_runner.export.targets import known_exporters

    known = known_exporters(dict.fromkeys(names))
    if as_json:
        echo_json([each.as_json() for each in known], indent=1)
        return
    table = Table("exporter", "what it writes", box=None, pad_edge=False)
    for each in known:
        summary = Text(each.summary)
        if each.lacking:
            summary.append(f"{' ' if each.summary else ''}({each.lacking})", style="yellow")
        table.add_row(each.name, summary)
    console.print(table, markup=False)
    for each in known if names else ():
        _print_options(each, console)


def _print_options(known: "Known", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.profiles import as_yaml

    if known.options is None:
        console.print(f"\n{known.name} takes no options", markup=False)
        return
    table = Table(f"-o option of {known.name}", "default", "what it is", box=None, pad_edge=False)
    for name, field in known.options.model_fields.items():
        default = as_yaml(field.get_default(call_default_factory=True)) if not field.is_required() else "required"
        table.add_row(name, default, Text(" ".join((field.description or "").split())))
    console.print()
    console.print(table, markup=False)

"""Writing the HTML report of a run, and opening it."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from webarena_runner.log.paths import Key
    from webarena_runner.report.html.writing import Written
    from webarena_runner.report.summary import RunReport

log = logging.getLogger(__name__)
PANEL = "HTML report"
Html = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="[FOLDER]",
        help="Write a report with a page for every episode into this folder, which needs no network and can be "
        "mailed. Without FOLDER: [b]report/[/b] in the run's folder.",
        rich_help_panel=PANEL,
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser.", rich_help_panel=PANEL)]


SingleFile = Annotated[
    bool,
    typer.Option(
        "--single-file",
        help="One file with all screenshots in it, for small runs: [b]report.html[/b] in the run's folder, or the file "
        "that --html names.",
        rich_help_panel=PANEL,
    ),
]
FailedOnly = Annotated[
    bool,
    typer.Option("--failed-only", help="Pages only for episodes that did not pass.", rich_help_panel=PANEL),
]


@dataclass(frozen=True)
class Wanted:
    """What the options ask for; `target` None: no report, "": where it is by default."""

    target: str | None
    single_file: bool
    failed_only: bool
    open_it: bool

    def require_sense(self) -> None:
        """Raises UsageError for an option that nothing would use."""
        given = {"--single-file": self.single_file, "--failed-only": self.failed_only, "--open": self.open_it}
        unused = [name for name, is_given in given.items() if is_given and self.target is None]
        if unused:
            raise UsageError(f"{unused[0]} is of the HTML report; give --html too")


def write_html(report: "RunReport", wanted: Wanted, console: "Console") -> str | None:
    """What to tell of it; None when none is wanted."""
    if wanted.target is None:
        return None
    only = frozenset((each.task_id, each.trial) for each in report.not_passed) if wanted.failed_only else None
    written = _written(report, wanted, only, console)
    if wanted.open_it:
        open_page(written.index)
    return told(written)


def _written(report: "RunReport", wanted: Wanted, only: "frozenset[Key] | None", console: "Console") -> "Written":
    from webarena_runner.report.html.single import default_file, write_single
    from webarena_runner.report.html.writing import default_folder, write_report

    place = Path(wanted.target).expanduser() if wanted.target else None
    if wanted.single_file:
        return write_single(report, place or default_file(report.folder), only=only)
    with console.status("writing the report") as status:
        return write_report(
            report,
            place or default_folder(report.folder),
            only=only,
            processes=os.cpu_count() or 1,
            on_episodes=lambda done, of: status.update(f"writing the report: {done} of {of} episodes"),
        )


def told(written: "Written", *, what: str = "report", of: str = "episodes") -> str:
    """Where it is, how much it shows and how large it is, for people."""
    from webarena_runner.report.units import number, size

    return (
        f"{what}: {written.index} ({number(written.episodes)} {of}, {size(written.size.pages)} of pages, "
        f"{size(written.size.pictures)} of screenshots)"
    )


def open_page(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        log.warning("no browser could be started here; open %s yourself", page)

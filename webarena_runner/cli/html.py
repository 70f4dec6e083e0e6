"""Writing the HTML report of a run, and opening it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.errors import UsageError

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Wanted:
    """What the options ask for; `target` None: no report, "": the folder that it has by default."""

    target: str | None
    open_it: bool

    def require_sense(self) -> None:
        """Raises UsageError for an option that nothing would use."""
        if self.target is None and self.open_it:
            raise UsageError("--open opens the HTML report; give --html too")


def write_html(report: "RunReport", wanted: Wanted) -> str | None:
    """What to tell of it; None when none is wanted."""
    from webarena_runner.report.html.writing import default_folder, write_report

    if wanted.target is None:
        return None
    folder = Path(wanted.target).expanduser() if wanted.target else default_folder(report.folder)
    written = write_report(report, folder)
    if wanted.open_it:
        _open(written.index)
    return _told(written)


def _told(written: "Written") -> str:
    from webarena_runner.report.units import number, size

    return (
        f"report: {written.index} ({number(written.episodes)} episodes, {size(written.page_bytes)} of pages, "
        f"{size(written.picture_bytes)} of screenshots)"
    )


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        log.warning("no browser could be started here; open %s yourself", page)

"""Writes a report into a folder of its own; what was there before is replaced only when all of the new one is there."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from webarena_runner.errors import UsageError
from webarena_runner.report.html import links
from webarena_runner.report.html.pages import Pages
from webarena_runner.report.html.pictures import place
from webarena_runner.report.html.templates import asset_text
from webarena_runner.report.summary import RunReport

PARTS = (links.STATIC, links.PICTURES, links.TASKS, links.OVERVIEW)
MARK = '<meta name="generator" content="webarena-runner'
MARK_CHARACTERS = 2000


@dataclass(frozen=True)
class Written:
    """What was written: the page to open, how many episodes it shows, and how much room all takes."""

    index: Path
    episodes: int
    pictures: int
    picture_bytes: int
    page_bytes: int


def default_folder(run: Path) -> Path:
    """Inside the run's folder, where it moves with it, and no reader of runs looks."""
    return run / "report"


def write_report(report: RunReport, folder: Path, *, on_page: Callable[[int], None] = lambda done: None) -> Written:
    """`on_page` hears how many episodes are done.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    require_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as new:
            written = _write(Pages(report), Path(new), on_page)
            _swap(Path(new), folder)
            written = replace(written, index=folder / links.OVERVIEW)
    except OSError as error:
        raise UsageError(
            f"cannot write the report to {folder}: {error.filename or folder}: {error.strerror}; make room or get "
            "rights there, or give another folder: --html FOLDER"
        ) from error
    return written


def require_ours(folder: Path) -> None:
    """Raises UsageError for a folder that holds anything but an earlier report."""
    index = folder / links.OVERVIEW
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--html {folder}: is a file; give a folder for the report")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        with index.open(encoding="utf-8") as page:
            ours = MARK in page.read(MARK_CHARACTERS)
    except (OSError, UnicodeDecodeError):
        ours = False
    if not ours:
        raise UsageError(f"--html {folder}: holds other files, and no report; give a new or an empty folder")


def _write(pages: Pages, folder: Path, on_page: Callable[[int], None]) -> Written:
    episodes = pictures = picture_bytes = page_bytes = 0
    (folder / links.TASKS).mkdir()
    (folder / links.PICTURES).mkdir()
    (folder / links.STATIC).mkdir()
    for name in (links.STYLE, links.SCRIPT):
        (folder / links.asset(name)).write_text(asset_text(name), encoding="utf-8")
    for paths in pages.begun():
        view = pages.view(paths)
        data = pages.of(view).encode("utf-8")
        (folder / view.page).write_bytes(data)
        episodes, page_bytes = episodes + 1, page_bytes + len(data)
        for each in view.pictures:
            pictures, picture_bytes = pictures + 1, picture_bytes + place(each, folder)
        on_page(episodes)
    data = pages.overview().encode("utf-8")
    (folder / links.OVERVIEW).write_bytes(data)
    return Written(folder / links.OVERVIEW, episodes, pictures, picture_bytes, page_bytes + len(data))


def _swap(new: Path, folder: Path) -> None:
    """The overview last, so that it is never there without what it links to."""
    for part in PARTS:
        old = folder / part
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        (new / part).replace(old)

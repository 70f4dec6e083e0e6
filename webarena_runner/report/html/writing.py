"""Writes a report into a folder of its own; what was there before is replaced only when all of the new one is there."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from string import ascii_lowercase

from webarena_runner.errors import UsageError
from webarena_runner.log.files import place_in
from webarena_runner.log.paths import AttemptPaths, Key
from webarena_runner.report.html import links
from webarena_runner.report.html.pages import Pages
from webarena_runner.report.html.pictures import place
from webarena_runner.report.summary import RunReport, load_run

PARTS = (links.STATIC, links.PICTURES, links.TASKS, *map(links.run_folder, ascii_lowercase))
MARK = '<meta name="generator" content="webarena-runner'
MARK_CHARACTERS = 2000
# What begins so is being written now, or was when somebody killed the process.
_NEW = ".new-"
# For fewer episodes a process takes longer to start than it saves.
EPISODES_A_PROCESS = 60
CHUNK = 10


@dataclass(frozen=True)
class Size:
    """Bytes on disk; a screenshot that is a second name of the run's own file counts too."""

    pages: int = 0
    pictures: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.pages + other.pages, self.pictures + other.pictures)


@dataclass(frozen=True)
class Written:
    """What was written: the page to open, of how many episodes, and how much room it takes."""

    index: Path
    episodes: int
    size: Size


def default_folder(run: Path) -> Path:
    """Inside the run's folder, where it moves with it, and no reader of runs looks."""
    return run / "report"


def write_report(
    report: RunReport,
    folder: Path,
    *,
    only: frozenset[Key] | None = None,
    processes: int = 1,
    on_episodes: Callable[[int, int], None] | None = None,
) -> Written:
    """`only` these episodes get a page; None: all that were planned.

    `processes` is how many may work on it; more than one are started afresh, so that the main module of the program
    must be one that can be imported. `on_episodes` hears how many are done, and of how many.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    pages = Pages(report, only=only)
    attempts = list(pages.attempts())
    with written_anew(folder) as new, ExitStack() as stack:
        for part in (links.STATIC, links.PICTURES, links.TASKS):
            (new / part).mkdir()
        parts = _begun(stack, pages, attempts, new, processes)
        size, done = _write_frame(pages, new), 0
        for count, written in parts:
            done, size = done + count, size + written
            if on_episodes:
                on_episodes(done, len(attempts))
    return Written(folder / links.OVERVIEW, len(attempts), size)


@contextmanager
def written_anew(folder: Path) -> Iterator[Path]:
    """An empty folder to write into; at the end it takes the place of what an earlier report left.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    require_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_NEW, dir=folder) as new:
            yield Path(new)
            _swap(Path(new), folder)
    except OSError as error:
        raise not_written(folder, error) from error


def require_ours(folder: Path) -> None:
    """Raises UsageError for a folder that holds anything but an earlier report."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--html {folder}: is a file; give a folder for the report")
    if not folder.is_dir() or all(path.name.startswith(_NEW) for path in folder.iterdir()):
        return
    if not is_ours(folder / links.OVERVIEW):
        raise UsageError(f"--html {folder}: holds other files, and no report; give a new or an empty folder")


def is_ours(page: Path) -> bool:
    """Whether a file is a page that we wrote."""
    try:
        with page.open(encoding="utf-8") as text:
            return MARK in text.read(MARK_CHARACTERS)
    except (OSError, UnicodeDecodeError):
        return False


def not_written(place: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write the report to {place}: {place_in(error, place)}: {error.strerror}; make room or get rights "
        "there, or give another place: --html FOLDER"
    )


def _write_frame(pages: Pages, folder: Path) -> Size:
    """All but the episodes."""
    texts = {links.asset(name): pages.asset(name) for name in (links.STYLE, links.SCRIPT)}
    texts[links.OVERVIEW] = pages.overview()
    return Size(pages=sum((folder / path).write_bytes(text.encode()) for path, text in texts.items()))


def _begun(
    stack: ExitStack, pages: Pages, attempts: Sequence[AttemptPaths], folder: Path, processes: int
) -> Iterator[tuple[int, Size]]:
    """How many episodes each part of the work was, and their size; several processes begin with it at once."""
    processes = min(processes, len(attempts) // EPISODES_A_PROCESS)
    chunks = [attempts[start : start + CHUNK] for start in range(0, len(attempts), CHUNK)]
    if processes < 2:
        return ((len(chunk), _write_episodes(pages, chunk, folder)) for chunk in chunks)
    pool = stack.enter_context(ProcessPoolExecutor(processes, get_context("spawn")))
    return pool.map(partial(_write_chunk, pages.report.folder, pages.only, folder), chunks)


def _write_chunk(
    run: Path, only: frozenset[Key] | None, folder: Path, attempts: Sequence[AttemptPaths]
) -> tuple[int, Size]:
    """In a process that knows nothing of the report yet, or has written other episodes of it."""
    return len(attempts), _write_episodes(_pages(run, only), attempts, folder)


@cache
def _pages(run: Path, only: frozenset[Key] | None) -> Pages:
    return Pages(load_run(run), only=only)


def _write_episodes(pages: Pages, attempts: Sequence[AttemptPaths], folder: Path) -> Size:
    """One after the other, so that no more than one is in memory."""
    size = Size()
    for paths in attempts:
        view = pages.view(paths)
        data = pages.of(view).encode()
        (folder / view.page).write_bytes(data)
        (folder / links.PICTURES / paths.folder.name).mkdir()
        size += Size(len(data), sum(place(picture, folder) for picture in view.pictures))
    return size


def _swap(new: Path, folder: Path) -> None:
    """The overview last, so that it is never there without what it links to."""
    for part in (*PARTS, links.OVERVIEW):
        old = folder / part
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        if (new / part).exists():
            (new / part).replace(old)

"""A report that is one file, screenshots included: to be mailed, for small runs or what did not pass."""

import secrets
from contextlib import suppress
from pathlib import Path

from webarena_runner.errors import UsageError
from webarena_runner.log.files import is_file
from webarena_runner.log.paths import AttemptPaths, Key
from webarena_runner.report.html.pages import Pages
from webarena_runner.report.html.writing import Size, Written, is_ours, not_written
from webarena_runner.report.summary import RunReport
from webarena_runner.report.units import size

# Browsers open what is larger too, after a while that nobody waits for.
MAX_PICTURE_BYTES = 100_000_000
_PICTURES = ("*.jpeg", "*.png", "*.webp")


def default_file(run: Path) -> Path:
    return run / "report.html"


def write_single(report: RunReport, file: Path, *, only: frozenset[Key] | None = None) -> Written:
    """`only` these episodes are in it; None: all that were planned.

    Raises:
        UsageError: the file is something else or cannot be written, or there are too many screenshots for one file.
    """
    if file.exists() and not is_ours(file):
        raise UsageError(f"--html {file}: is there, and no report; give a new file")
    pages = Pages(report, only=only)
    attempts = list(pages.attempts())
    pictures = sum(_picture_bytes(paths) for paths in attempts)
    if pictures > MAX_PICTURE_BYTES:
        raise UsageError(
            f"--single-file: the screenshots of {len(attempts)} episodes are {size(pictures)}, and one file holds "
            f"{size(MAX_PICTURE_BYTES)}; add --failed-only, or leave --single-file out"
        )
    new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as page:
            page.writelines(pages.single())
        new.replace(file)
    except OSError as error:
        raise not_written(file, error) from error
    finally:
        # Where nothing can be written, nothing can be taken away either.
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return Written(file, len(attempts), Size(file.stat().st_size - pictures, pictures))


def _picture_bytes(paths: AttemptPaths) -> int:
    return sum(picture.stat().st_size for kind in _PICTURES for picture in paths.folder.glob(kind) if is_file(picture))

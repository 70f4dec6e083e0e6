"""Pictures of a run, most of them screenshots: which are pictures at all, how large, and where their copies go."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePath

from PIL import Image, UnidentifiedImageError

from webarena_runner.log.files import is_file
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.pictures import SUFFIXES
from webarena_runner.report.html import links
from webarena_runner.types import EpisodeResult, RunManifest

FORMATS = {kind: f"image/{suffix}" for kind, suffix in SUFFIXES.items()}

_SCREENSHOT = re.compile(r"(step-[0-9]+|last)\.(jpeg|png|webp)")


@dataclass(frozen=True)
class Picture:
    """A screenshot that is there: its file, address in the report, media type, and size in pixels."""

    file: Path
    page_path: str
    media_type: str
    width: int
    height: int


def why_none(manifest: RunManifest, result: EpisodeResult | None, paths: AttemptPaths) -> str:
    """Why a page of an attempt, which has this result, has no screenshot."""
    browser = manifest.config.get("settings", {}).get("browser")
    how = browser.get("screenshots") if isinstance(browser, dict) else None
    if how in ("none", False):
        return "no screenshot: this run keeps none (--screenshots none)"
    if how == "failed" and result is not None and result.value == 1:
        return "no screenshot: the episode passed, and only those of others are kept (--screenshots failed)"
    if how == "failed" and result is not None and result.value is not None and not _has_pictures(paths):
        return (
            "no screenshot: the episode had passed when it was played, and only those of others are kept "
            "(--screenshots failed)"
        )
    return "no screenshot was taken"


def picture(paths: AttemptPaths, name: str | None, *, why_none: str = "no screenshot was taken") -> Picture | str:
    """The screenshot of that name, or why there is none to show."""
    if name is None:
        return why_none
    if PurePath(name).name != name:
        return f"{name!r} is no name of a screenshot"
    file = paths.folder / name
    try:
        # A named pipe must not keep us waiting.
        if file.exists() and not is_file(file):
            return f"{name} is no file"
        if file.is_symlink() and not _is_below(file, paths.folder.parent.parent):
            return f"{name} is a link that leads out of the run folder"
        with Image.open(file, formats=tuple(FORMATS)) as image:
            width, height = image.size
            media_type = FORMATS[image.format or ""]
    except FileNotFoundError:
        return f"{name} is missing from the run folder"
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return f"{name} is no picture that can be read"
    return Picture(file, links.picture(paths, name), media_type, width, height)


def _has_pictures(paths: AttemptPaths) -> bool:
    return paths.folder.is_dir() and any(_SCREENSHOT.fullmatch(each.name) for each in paths.folder.iterdir())


def _is_below(file: Path, folder: Path) -> bool:
    """Where the links lead; of a link that leads to itself it is known too."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(file)).parents


def place(picture: Picture, folder: Path) -> int:
    """Puts it into the report's folder, as a second name of the same file where that can be; returns its bytes."""
    target = folder / picture.page_path
    try:
        # Of a symbolic link that would be another one.
        os.link(os.path.realpath(picture.file) if picture.file.is_symlink() else picture.file, target)
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(picture.file, target)
    return target.stat().st_size

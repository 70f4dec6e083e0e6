"""What takes long to make and is always the same, kept in the cache folder from one process to the next."""

import asyncio
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

from platformdirs import user_cache_path

log = logging.getLogger(__name__)

HERE = Path(__file__).parents[1]
SEED_SUFFIXES = (".py", ".sql", ".toml", ".yaml")


async def kept_picture(draw: Callable[..., bytes], *values: object) -> bytes:
    """What `draw`, a function of a module, makes of the values: kept from when they were drawn first.

    Drawing takes longer than all other pages, which do not wait for it.
    """
    digest = hashlib.sha256(repr((draw.__module__, draw.__qualname__, values)).encode())
    path = _pictures() / digest.hexdigest()
    with suppress(OSError):
        return path.read_bytes()
    return await asyncio.to_thread(_draw_and_keep, path, draw, values)


async def kept_still(ware: str, tone: str, pieces: int, label: str, seed: int) -> bytes:
    """A PNG of wares, as `stills.draw` draws it, whose tone is given by name."""
    return await kept_picture(_still, ware, tone, pieces, label, seed)


def _still(ware: str, tone: str, pieces: int, label: str, seed: int) -> bytes:
    # Pillow is for pictures that are not kept yet.
    from webarena_mini.kit.stills import draw
    from webarena_mini.kit.wares import tones

    return draw(ware, tones()[tone], pieces, label, seed)


def _draw_and_keep(path: Path, draw: Callable[..., bytes], values: tuple[object, ...]) -> bytes:
    picture = _drawn(draw, values)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, picture)
    except OSError as error:
        log.info("a picture is not kept in %s: %s", path.parent, error)
    return picture


@lru_cache(maxsize=64)
def _drawn(draw: Callable[..., bytes], values: tuple[object, ...]) -> bytes:
    """A few are kept in any case, where the cache folder cannot be written."""
    return draw(*values)


@cache
def _pictures() -> Path:
    """The folder of what this version draws; those of others are gone then."""
    import PIL

    folder = user_cache_path("webarena-runner") / "pictures"
    # Another version of Pillow may draw the same with other bytes.
    own = folder / hashlib.sha256(seed_sha256() + PIL.__version__.encode()).hexdigest()[:16]
    if not own.exists():
        shutil.rmtree(folder, ignore_errors=True)
    return own


def write_whole(path: Path, content: bytes) -> None:
    """Other processes, and those after a crash, find the whole file or none."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@cache
def seed_sha256() -> bytes:
    """Of all that the sites' data and pictures are made from."""
    digest = hashlib.sha256()
    sources = {
        path.relative_to(HERE).as_posix(): path for path in HERE.rglob("*.*") if _is_seed(path.relative_to(HERE))
    }
    for name, path in sorted(sources.items()):
        digest.update(f"\0{name}\0".encode())
        digest.update(path.read_bytes())
    return digest.digest()


def _is_seed(path: Path) -> bool:
    """What only serves pages leaves no trace in the data."""
    match path.parts:
        case ("kit" | "region", *_) | ("sites", _, "data" | "domain" | "seed" | "schema.sql", *_):
            return path.suffix in SEED_SUFFIXES
        case _:
            return False

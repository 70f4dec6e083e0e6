"""The embedded sites by official name, imported when asked for, and their seed data."""

import hashlib
import logging
import os
import sqlite3
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from webarena_mini.errors import UnknownSite

if TYPE_CHECKING:
    # Who only asks which sites there are needs nothing that serves them.
    from webarena_mini.kit.site import Site

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
SEED_SUFFIXES = (".py", ".sql", ".toml", ".yaml")

MODULES = {
    "shopping": "webarena_mini.sites.shop.app",
    "shopping_admin": "webarena_mini.sites.admin.app",
    "reddit": "webarena_mini.sites.forum.app",
    "gitlab": "webarena_mini.sites.codehost.app",
    "wikipedia": "webarena_mini.sites.wiki.app",
    "homepage": "webarena_mini.sites.home.app",
    "map": "webarena_mini.sites.map.app",
    "classifieds": "webarena_mini.sites.adverts.app",
}


@cache
def load_site(name: str) -> "Site":
    """Raises UnknownSite when there is no embedded site of that name."""
    if name not in MODULES:
        raise UnknownSite(f"no embedded site is called {name!r}; there are: {', '.join(MODULES)}")
    site: Site = import_module(MODULES[name]).SITE
    return site


@cache
def snapshot_of(name: str, folder: Path | None) -> bytes:
    """The serialised seed data of a site: kept in `folder`, since building it takes a second, or built anew."""
    site = load_site(name)
    if folder is None:
        return site.snapshot()
    kept = folder / f"{name}-{_snapshot_key()}.sqlite"
    try:
        return kept.read_bytes()
    except OSError:
        snapshot = site.snapshot()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for outdated in folder.glob(f"{name}-*.sqlite"):
            outdated.unlink(missing_ok=True)
        _write_whole(kept, snapshot)
    except OSError as error:
        log.info("the seed data of %s is not kept in %s: %s", name, folder, error)
    return snapshot


@cache
def _snapshot_key() -> str:
    """Other versions of Python and SQLite may write the same rows with other bytes."""
    versions = f"{sys.version_info[:2]} {sqlite3.sqlite_version}"
    return hashlib.sha256(_seed_sha256() + versions.encode()).hexdigest()[:16]


def _write_whole(path: Path, content: bytes) -> None:
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


def data_version(tasks: bytes) -> str:
    """SHA-256 of the task file and of all that the seed data is made from, whatever Python and SQLite make it."""
    return hashlib.sha256(hashlib.sha256(tasks).digest() + _seed_sha256()).hexdigest()


@cache
def _seed_sha256() -> bytes:
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

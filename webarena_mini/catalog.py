"""The embedded sites by official name, imported when asked for, and their seed data."""

import hashlib
import logging
import sqlite3
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from webarena_mini.errors import UnknownSite
from webarena_mini.kit.kept import seed_sha256, write_whole

if TYPE_CHECKING:
    # Who only asks which sites there are needs nothing that serves them.
    from webarena_mini.kit.site import Site

log = logging.getLogger(__name__)

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
        write_whole(kept, snapshot)
    except OSError as error:
        log.info("the seed data of %s is not kept in %s: %s", name, folder, error)
    return snapshot


@cache
def _snapshot_key() -> str:
    """Other versions of Python and SQLite may write the same rows with other bytes."""
    versions = f"{sys.version_info[:2]} {sqlite3.sqlite_version}"
    return hashlib.sha256(seed_sha256() + versions.encode()).hexdigest()[:16]


def data_version(tasks: bytes) -> str:
    """SHA-256 of the task file and of all that the seed data is made from, whatever Python and SQLite make it."""
    return hashlib.sha256(hashlib.sha256(tasks).digest() + seed_sha256()).hexdigest()

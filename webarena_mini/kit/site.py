"""What a site is, and one running copy of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from starlette.applications import Starlette
from starlette.requests import Request

from webarena_mini.kit.database import Database


def seeded(app: str) -> Callable[[], bytes]:
    """What `build` in `seed/build.py` beside the module `app` makes; imported only then, as the data is mostly kept."""

    @cache
    def snapshot() -> bytes:
        built: bytes = import_module(f"{app.rpartition('.')[0]}.seed.build").build()
        return built

    return snapshot


@dataclass(frozen=True)
class Site:
    """One embedded site: how to seed it, how to build its app on a database, and who is logged in for a task.

    `login(db)` creates a session row for the official account and returns the session token; None where there is no
    account. `path` is appended to the origin to get the site's URL (`/admin` for the shop admin).
    """

    name: str
    snapshot: Callable[[], bytes]
    app: Callable[["Instance"], Starlette]
    login: Callable[[Database], str] | None = None
    path: str = ""


@dataclass
class Instance:
    """One running copy of a site: its data, its cookie name (cookies are not port-scoped), its sibling sites' URLs."""

    site: Site
    database: Database
    cookie: str
    urls: Mapping[str, str] = field(default_factory=dict)


def instance_of(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


def database_of(request: Request) -> Database:
    return instance_of(request).database

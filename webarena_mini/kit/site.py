"""What a site is, and one running copy of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request

from webarena_mini.kit.database import Database


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

"""What every embedded site is built from: an in-memory database that resets in milliseconds, and a page renderer."""

import hmac
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

HERE = Path(__file__).parent


class Database:
    """An SQLite database in memory, restored from snapshot bytes by `reset`.

    One connection, used from one thread: handlers must not await between reading and writing what belongs together.
    """

    def __init__(self, snapshot: bytes) -> None:
        self._snapshot = snapshot
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.deserialize(self._snapshot)
        return connection

    def reset(self) -> None:
        # A connection of its own for the new data: full-text tables keep handles into the old data otherwise.
        self._connection.close()
        self._connection = self._open()

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, *values: object) -> Any:
        """First column of the first row; None when there is no row."""
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *values: object) -> int:
        """Executes a statement and returns the id of the row it inserted."""
        return self._connection.execute(sql, values).lastrowid or 0

    def insert(self, table: str, **values: object) -> int:
        """Writes one row, column by column, and returns its id."""
        return insert(self._connection, table, **values)

    def close(self) -> None:
        self._connection.close()


def insert(connection: sqlite3.Connection, table: str, **values: object) -> int:
    """Writes one row, column by column, and returns its id; table and columns are names from our own code."""
    marks = ", ".join("?" * len(values))
    statement = f"insert into {table} ({', '.join(values)}) values ({marks})"
    return connection.execute(statement, tuple(values.values())).lastrowid or 0


def build_snapshot(schema: str, fill: Callable[[sqlite3.Connection], None]) -> bytes:
    """Serialised database after running the schema and a deterministic fill."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema)
        fill(connection)
        connection.commit()
        connection.execute("vacuum")
        return connection.serialize()
    finally:
        connection.close()


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


def new_token() -> str:
    return secrets.token_urlsafe(24)


def same_secret(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class Pages:
    """Renders the templates of one site: `templates/<site>/` with `templates/_shared/` behind it; autoescaped."""

    def __init__(self, site: str, filters: Mapping[str, Callable[..., Any]] | None = None) -> None:
        folders: Iterable[Path] = (HERE / "templates" / site, HERE / "templates" / "_shared")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})

    def render(self, request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
        html = self._environment.get_template(template).render(request=request, **values)
        return HTMLResponse(html, status_code=status_code)

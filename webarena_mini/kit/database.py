"""An in-memory SQLite database that resets in milliseconds, and the snapshot that it starts from."""

import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_TEXT_OR_PLACEHOLDER = re.compile(r"'[^']*'|\?(\d*)")


class Database:
    """An SQLite database in memory, restored from snapshot bytes by `reset`.

    One connection, used from one thread: handlers must not await between reading and writing what belongs together.
    """

    def __init__(self, snapshot: bytes) -> None:
        self._snapshot = snapshot
        self._references = False
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.deserialize(self._snapshot)
        connection.execute(f"pragma foreign_keys = {self._references:d}")
        return connection

    def enforce_references(self) -> None:
        """From here on, resets included: foreign keys hold, and what depends on a deleted row goes with it."""
        self._references = True
        self._connection.execute("pragma foreign_keys = on")

    def reset(self) -> None:
        # A connection of its own for the new data: full-text tables keep handles into the old data otherwise.
        self._connection.close()
        self._connection = self._open()

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return execute(self._connection, sql, *values).fetchall()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = execute(self._connection, sql, *values).fetchone()
        return row

    def value(self, sql: str, *values: object) -> Any:
        """First column of the first row; None when there is no row."""
        row = execute(self._connection, sql, *values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *values: object) -> int:
        """Executes a statement and returns the id of the row it inserted."""
        return execute(self._connection, sql, *values).lastrowid or 0

    def insert(self, table: str, **values: object) -> int:
        """Writes one row, column by column, and returns its id."""
        return insert(self._connection, table, **values)

    def close(self) -> None:
        self._connection.close()


def execute(connection: sqlite3.Connection, sql: str, *values: object) -> sqlite3.Cursor:
    """The one place that binds values, to `?` and to `?1`, which may stand at several places."""
    named = _named(sql)
    if named is None:
        return connection.execute(sql, values)
    return connection.execute(named, {f"v{number}": value for number, value in enumerate(values, 1)})


@lru_cache(maxsize=2048)
def _named(sql: str) -> str | None:
    """A statement with `?1` as one with `:v1`, since Python 3.12.0 to 3.12.3 warn of the former; None without any.

    SQLite gives a `?` without a number the largest number before it plus one.
    """
    last, numbered = 0, False

    def name(match: re.Match[str]) -> str:
        nonlocal last, numbered
        if match[1] is None:
            return match[0]
        numbered = numbered or bool(match[1])
        number = int(match[1] or last + 1)
        last = max(last, number)
        return f":v{number}"

    named = _TEXT_OR_PLACEHOLDER.sub(name, sql)
    return named if numbered else None


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

"""An in-memory SQLite database that resets in milliseconds, and the snapshot that it starts from."""

import sqlite3
from collections.abc import Callable
from typing import Any


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

"""The desk before anybody has written on it."""

import sqlite3

from webarena_mini.kit.clock import TODAY
from webarena_mini.kit.database import build_snapshot
from webarena_mini.sites.home import FOLDER


def build() -> bytes:
    return build_snapshot((FOLDER / "schema.sql").read_text("utf-8"), _fill)


def _fill(connection: sqlite3.Connection) -> None:
    """No notes, and no token for the forms yet: each instance makes its own."""
    connection.execute("insert into desk values ('', ?)", (TODAY,))

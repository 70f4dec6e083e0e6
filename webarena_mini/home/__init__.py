"""The embedded home page, "Front Desk": links to the other sites, a calculator, a scratchpad and passwords."""

import sqlite3
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from webarena_mini.home.app import build_app
from webarena_mini.kit.database import build_snapshot
from webarena_mini.kit.site import Site

_NOW = int(datetime(2023, 6, 15, 9, 0, tzinfo=UTC).timestamp())


@cache
def snapshot() -> bytes:
    return build_snapshot((Path(__file__).parent / "schema.sql").read_text("utf-8"), _fill)


def _fill(connection: sqlite3.Connection) -> None:
    """No notes, and no token for the forms yet: each instance makes its own."""
    connection.execute("insert into desk values ('', ?)", (_NOW,))


SITE = Site(name="homepage", snapshot=snapshot, app=build_app)

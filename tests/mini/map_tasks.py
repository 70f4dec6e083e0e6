"""What the tests of tasks with directions compute from the map's data."""

import sqlite3
from typing import Any

from webarena_mini.kit.database import Database
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.geo import time_text
from webarena_mini.sites.map.domain.kinds import phrases
from webarena_mini.sites.map.domain.router import Route, find_route

ENGINE_INDEX = {"bike": "0", "car": "1", "foot": "2"}


def element(database: Database, name: str) -> sqlite3.Row:
    """The place of that name, of which there is one."""
    (row,) = database.all("select * from element where name = ?", name.removeprefix("the "))
    return row


def at(row: sqlite3.Row) -> tuple[float, float]:
    return row["latitude"], row["longitude"]


def way(engine: str, start: sqlite3.Row, end: sqlite3.Row) -> Route:
    return find_route(f"fossgis_osrm_{engine}", at(start), at(end))


def minutes(engine: str, start: sqlite3.Row, end: sqlite3.Row) -> int:
    hours, rest = time_text(way(engine, start, end).duration_s).split(":")
    return int(hours) * 60 + int(rest)


def nearest(database: Database, kind: str, origin: sqlite3.Row) -> sqlite3.Row:
    """In a straight line, as the search sorts; clearly nearer on foot than all others, too."""
    rows = database.all("select * from element where kind = ? and key != ?", phrases()[kind], origin["key"])
    rows.sort(key=lambda row: distance_km(at(row), at(origin)))
    walks = [way("foot", origin, row).distance_m for row in rows]
    assert walks[0] + 50 < min(walks[1:])
    return rows[0]


def with_address(row: sqlite3.Row) -> str:
    """Name, house number, street and town, as the ends of a way are shown."""
    return ", ".join(row["display_name"].split(", ")[:4])


def shown_ends(task: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """The engine's index and what both ends must include."""
    engine, start, end = (target["required_contents"] for target in task["eval"]["program_html"])
    return engine["exact_match"], start["must_include"], end["must_include"]

"""Elements of the map as pages show them."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from webarena_mini.kit.database import Database
from webarena_mini.region import Point
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.geo import whole_number
from webarena_mini.sites.map.domain.kinds import kinds


@dataclass(frozen=True)
class Spot:
    """An element, or a bare pair of coordinates (then `type` is ""), with how far it is from what was asked about."""

    key: int
    type: str
    id: int
    name: str
    kind: str
    label: str
    display_name: str
    town: str
    at: Point
    importance: int = 0
    distance_m: float | None = None

    @property
    def path(self) -> str:
        return f"/{self.type}/{self.id}"

    @property
    def coordinates(self) -> str:
        return f"{self.at[0]:.5f}, {self.at[1]:.5f}"


NEARBY_KM = 5.0
COLUMNS = "e.key, e.type, e.id, e.name, e.kind, e.label, e.display_name, e.town, e.latitude, e.longitude, e.importance"


def spot(row: sqlite3.Row, origin: Point | None = None) -> Spot:
    at = (row["latitude"], row["longitude"])
    away = None if origin is None else distance_km(origin, at) * 1000
    facts = (row["name"], row["kind"], row["label"], row["display_name"], row["town"])
    return Spot(row["key"], row["type"], row["id"], *facts, at, row["importance"], away)


def bare_spot(at: Point) -> Spot:
    text = f"{at[0]:.5f}, {at[1]:.5f}"
    return Spot(0, "", 0, text, "", "Coordinates", text, "", at)


def spots(rows: Iterable[sqlite3.Row], origin: Point | None = None) -> list[Spot]:
    return [spot(row, origin) for row in rows]


def by_distance(rows: Iterable[sqlite3.Row], origin: Point) -> list[Spot]:
    return sorted(spots(rows, origin), key=lambda found: (found.distance_m or 0.0, found.key))


def find_element(database: Database, kind: str, number: str) -> sqlite3.Row | None:
    return database.one("select * from element where type = ? and id = ?", kind, whole_number(number))


def tags_of(text: str) -> dict[str, str]:
    tags: dict[str, str] = json.loads(text)
    return tags


def places_around(database: Database, origin: Point, count: int, *, besides: int = 0) -> list[Spot]:
    """The nearest places of any kind within 5 km, nearest first."""
    marks = ", ".join("?" * len(kinds()))
    rows = database.all(f"select {COLUMNS} from element e where e.kind in ({marks}) and e.key != ?", *kinds(), besides)
    near = [found for found in by_distance(rows, origin) if (found.distance_m or 0.0) <= NEARBY_KM * 1000]
    return near[:count]


def at_point(database: Database, at: Point) -> Spot | None:
    """The named element whose coordinates these are, to five decimals."""
    half = 0.000_005_1
    row = database.one(
        f"select {COLUMNS} from element e where e.name != '' and e.latitude between ? and ?"
        " and e.longitude between ? and ? order by e.type = 'node' desc, e.importance desc, e.key limit 1",
        at[0] - half,
        at[0] + half,
        at[1] - half,
        at[1] + half,
    )
    return None if row is None else spot(row)


def parts(database: Database, key: int) -> list[tuple[Spot, str]]:
    rows = database.all(
        f"select {COLUMNS}, p.role from part p join element e on e.key = p.element"
        " where p.whole = ? order by p.position",
        key,
    )
    return [(spot(row), row["role"]) for row in rows]


def wholes(database: Database, key: int) -> list[Spot]:
    """The ways and relations that an element is part of."""
    rows = database.all(
        f"select distinct {COLUMNS} from part p join element e on e.key = p.whole where p.element = ? order by e.key",
        key,
    )
    return spots(rows)

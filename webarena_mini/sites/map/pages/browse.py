"""Pages of nodes, ways and relations."""

import sqlite3
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import database_of
from webarena_mini.region import Point
from webarena_mini.sites.map.domain.elements import (
    COLUMNS,
    Spot,
    find_element,
    parts,
    places_around,
    spot,
    spots,
    tags_of,
    wholes,
)
from webarena_mini.sites.map.domain.geo import write_point
from webarena_mini.sites.map.domain.kinds import kinds
from webarena_mini.sites.map.domain.view import View
from webarena_mini.sites.map.pages.frame import frame, render


@dataclass(frozen=True)
class Version:
    """One version of an element, with who made it and why."""

    number: int
    tags: dict[str, str]
    changeset: int
    comment: str
    mapper: str
    closed_at: str


async def element(request: Request) -> Response:
    database, row = database_of(request), element_of(request)
    shown, members = spot(row), parts(database, row["key"])
    return render(
        request,
        "element.html",
        frame=_frame(request, shown, members),
        spot=shown,
        tags=tags_of(row["tags"]),
        version=_versions(database, row)[0],
        members=members,
        wholes=wholes(database, row["key"]),
        residents=_residents(database, shown),
        near=places_around(database, shown.at, 15, besides=shown.key),
    )


async def element_history(request: Request) -> Response:
    database, row = database_of(request), element_of(request)
    shown = spot(row)
    versions = _versions(database, row)
    return render(request, "element_history.html", frame=_frame(request, shown, []), spot=shown, versions=versions)


def element_of(request: Request) -> sqlite3.Row:
    kind, number = request.url.path.split("/")[1], request.path_params["number"]
    row = find_element(database_of(request), kind, number)
    if row is None:
        raise HTTPException(404, f"Sorry, there is no {kind} with the number {number[:40]}.")
    return row


def _frame(request: Request, shown: Spot, members: list[tuple[Spot, str]]) -> object:
    points: list[Point] = [shown.at, *(member.at for member, _ in members)]
    overlay = {"marks": write_point(shown.at)}
    if shown.type != "node":
        overlay["element"] = f"{shown.type}/{shown.id}"
    text = f"{shown.name or shown.label} is marked."
    return frame(request, View.around(points, closest=16 if shown.kind != "town" else 13), text, **overlay)


def _versions(database: Database, row: sqlite3.Row) -> list[Version]:
    """Newest first; a crossing has none of its own and shows the changeset that it was drawn in."""
    found = database.all(
        "select r.version, r.tags, c.id, c.comment, c.closed_at, m.name from revision r join changeset c on"
        " c.id = r.changeset join mapper m on m.id = c.mapper where r.element = ? order by r.version desc",
        row["key"],
    ) or database.all(
        "select 1 as version, '{}' as tags, c.id, c.comment, c.closed_at, m.name from changeset c"
        " join mapper m on m.id = c.mapper where c.id = ?",
        row["changeset"],
    )
    return [
        Version(one["version"], tags_of(one["tags"]), one["id"], one["comment"], one["name"], one["closed_at"])
        for one in found
    ]


def _residents(database: Database, shown: Spot) -> list[Spot]:
    """The places with an address in a street."""
    if shown.kind != "street" or not shown.town:
        return []
    marks = ", ".join("?" * len(kinds()))
    rows = database.all(
        f"select {COLUMNS} from element e where e.kind in ({marks}) and e.town = ?"
        " and json_extract(e.tags, '$.\"addr:street\"') = ?"
        " order by cast(json_extract(e.tags, '$.\"addr:housenumber\"') as integer)",
        *kinds(),
        shown.town,
        shown.name,
    )
    return spots(rows)

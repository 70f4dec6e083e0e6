"""From the region to the serialised database of the map."""

import json
import sqlite3

from webarena_mini.kit.database import build_snapshot
from webarena_mini.region import region
from webarena_mini.sites.map import FOLDER
from webarena_mini.sites.map.seed.changes import tell
from webarena_mini.sites.map.seed.elements import Element, all_elements


def build() -> bytes:
    """Serialised database with everything in it."""
    return build_snapshot((FOLDER / "schema.sql").read_text("utf-8"), _fill)


def _fill(connection: sqlite3.Connection) -> None:
    """An element's key is its position in the list plus one."""
    elements = all_elements(region())
    keys = {id(element): key for key, element in enumerate(elements, 1)}
    connection.executemany(
        "insert into element (key, type, id, name, kind, label, display_name, town, latitude, longitude, importance,"
        " tags) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(key, element) for key, element in enumerate(elements, 1)],
    )
    connection.executemany(
        "insert into part values (?, ?, ?, ?)",
        [
            (keys[id(element)], position, keys[id(part)], role)
            for element in elements
            for position, (part, role) in enumerate(element.parts)
        ],
    )
    connection.executemany(
        "insert into element_search (rowid, name, words, address) values (?, ?, ?, ?)",
        [
            (key, element.name, f"{element.label} {element.words}", element.display_name)
            for key, element in enumerate(elements, 1)
            if element.name
        ],
    )
    _fill_history(connection, elements)
    connection.execute("insert into element_search (element_search) values ('optimize')")


def _row(key: int, element: Element) -> tuple[object, ...]:
    tags = json.dumps(element.tags, ensure_ascii=False)
    told = (element.name, element.kind, element.label, element.display_name, element.town)
    where = (round(element.at[0], 6), round(element.at[1], 6))
    return key, element.type, element.id, *told, *where, element.importance, tags


def _fill_history(connection: sqlite3.Connection, elements: list[Element]) -> None:
    story = tell(elements)
    connection.executemany(
        "insert into mapper (name, joined, about) values (?, ?, ?)",
        [(name, f"{joined:%Y-%m-%d}", about) for name, joined, about in story.mappers],
    )
    connection.executemany(
        "insert into changeset values (?, ?, ?, ?, ?, ?)",
        [
            (made.id, made.mapper, made.comment, made.tool, made.opened_at.isoformat(), made.closed_at.isoformat())
            for made in story.changesets
        ],
    )
    rows = [
        (revision.element + 1, revision.version, revision.changeset, json.dumps(revision.tags, ensure_ascii=False))
        for revision in story.revisions
    ]
    connection.executemany("insert into revision values (?, ?, ?, ?)", rows)
    latest = {key: (version, changeset) for key, version, changeset, _ in rows}
    connection.executemany(
        "update element set version = ?, changeset = ? where key = ?",
        [(version, changeset, key) for key, (version, changeset) in latest.items()],
    )
    # Crossings were drawn with their streets: each shows the first changeset of one of them.
    connection.execute(
        "update element set changeset = (select min(r.changeset) from part p join revision r on r.element = p.whole"
        " where p.element = element.key) where kind = 'junction'"
    )

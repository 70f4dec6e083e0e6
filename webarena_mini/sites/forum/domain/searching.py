"""Full-text search over submissions and comments, and what else the words of a query name."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from webarena_mini.kit.database import Database
from webarena_mini.sites.forum.domain import posts

_MAX_CHARACTERS, _MAX_WORDS = 200, 20
SOURCES = {
    "submission": ("s", "submissions s"),
    "comment": ("c", "comments c join submissions s on s.id = c.submission_id"),
}
_DEFAULTS = {"q": "", "kind": "submission", "sort": "best", "t": "all", "forum": ""}


@dataclass(frozen=True)
class Query:
    """The search page's parameters, by their names in the URL; values that make no sense are the default ones."""

    q: str
    kind: str
    sort: str
    t: str
    forum: str

    kinds: ClassVar[tuple[str, ...]] = tuple(SOURCES)
    sorts: ClassVar[dict[str, str]] = {"best": "Best match", "new": "Newest", "top": "Highest score"}
    periods: ClassVar[dict[str, str]] = posts.PERIOD_NAMES

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Query":
        given = {name: asked.get(name, default).strip() for name, default in _DEFAULTS.items()}
        query = cls(**{**given, "q": given["q"][:_MAX_CHARACTERS]})
        allowed = {"kind": cls.kinds, "sort": cls.sorts, "t": cls.periods}
        return replace(query, **{name: _DEFAULTS[name] for name in allowed if given[name] not in allowed[name]})

    @property
    def words(self) -> list[str]:
        return re.findall(r"\w+", self.q)[:_MAX_WORDS]

    def url(self, **changes: str) -> str:
        """The first page of this search with some parameters changed."""
        values = {**asdict(self), **changes}
        return "/search?" + urlencode({name: value for name, value in values.items() if value != _DEFAULTS[name]})


def counts(database: Database, query: Query) -> dict[str, int]:
    """How many of each kind there are."""
    return {kind: sum(row["found"] for row in by_forum(database, replace(query, kind=kind))) for kind in query.kinds}


def by_forum(database: Database, query: Query) -> list[sqlite3.Row]:
    """Where the results are: forum names with their number, the most first."""
    row, source = SOURCES[query.kind]
    where, values = where_of(database, query)
    return database.all(
        f"select f.name, count(*) as found from {source} join forums f on f.id = s.forum_id"
        f" join {query.kind}_search x on x.rowid = {row}.id where {where}"
        " group by f.id order by found desc, f.name collate nocase",
        *values,
    )


def forums_named(database: Database, query: Query) -> list[sqlite3.Row]:
    """Forums that have all words in their name, title or description."""
    condition = " and ".join(["instr(lower(name || ' ' || title || ' ' || description), ?)"] * len(query.words))
    return database.all(
        f"select name, title from forums where {condition} order by name collate nocase limit 8",
        *(word.lower() for word in query.words),
    )


def users_named(database: Database, query: Query) -> list[sqlite3.Row]:
    return database.all(
        "select name from users where instr(lower(name), ?) order by name collate nocase limit 8", query.q.lower()
    )


def where_of(database: Database, query: Query) -> tuple[str, tuple[object, ...]]:
    row, _ = SOURCES[query.kind]
    # Quoted, so that no word acts as an operator of FTS5.
    match = " ".join(f'"{word}"' for word in query.words)
    where, values = f"{query.kind}_search match ? and {row}.created_at >= ?", (match, posts.since(database, query.t))
    return (f"{where} and f.name = ? collate nocase", (*values, query.forum)) if query.forum else (where, values)

"""Full-text search and title suggestions."""

import re
import sqlite3
from dataclasses import dataclass

from markupsafe import Markup, escape

from webarena_mini.kit.database import Database

PAGE_LENGTH = 25
MAX_PAGE_LENGTH = 140
# Snippets take longer than any visitor waits where hundreds of words are looked for.
_MOST_WORDS = 12
_WORD = re.compile(r"\w+")
# Marks that no article contains, around the words found.
_OPEN, _CLOSE = "\x02", "\x03"


@dataclass(frozen=True)
class Hit:
    title: str
    path: str
    words: int
    snippet: Markup


@dataclass(frozen=True)
class Results:
    """`start` counts from 0."""

    hits: list[Hit]
    count: int
    start: int
    length: int

    @property
    def pages(self) -> list[tuple[int, int]]:
        """Number and start of each page."""
        return [(index + 1, start) for index, start in enumerate(range(0, self.count, self.length))]


def find(database: Database, pattern: str, *, start: int, length: int) -> Results:
    """Articles with all the words, those with the words in the title first; the last page where `start` is past it."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(pattern)))[:_MOST_WORDS]
    if not words:
        return Results([], 0, 0, length)
    query = " ".join(f'"{word}"' for word in words)
    count = database.value("select count(*) from search where search match ?", query)
    start = min(start, max(count - 1, 0) // length * length)
    rows = database.all(
        "select a.title, a.path, a.words, snippet(search, 1, ?, ?, ' … ', 34) as snippet"
        " from search join article a on a.id = search.rowid where search match ?"
        " order by a.title = ? collate nocase desc, bm25(search, 12.0, 1.0), a.title limit ? offset ?",
        _OPEN,
        _CLOSE,
        query,
        pattern.strip(),
        length,
        start,
    )
    return Results([_hit(row) for row in rows], count, start, length)


def _hit(row: sqlite3.Row) -> Hit:
    marked = str(escape(row["snippet"])).replace(_OPEN, "<b>").replace(_CLOSE, "</b>")
    return Hit(row["title"], row["path"], row["words"], Markup(marked))


def titles(database: Database, term: str, *, limit: int) -> list[sqlite3.Row]:
    """Articles whose title, or a word of it, begins with the term."""
    begin = term.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    if not begin:
        return []
    return database.all(
        "select title, path from article where kind != 'category'"
        " and (title like ?1 || '%' escape '\\' or title like '% ' || ?1 || '%' escape '\\')"
        " order by title like ?1 || '%' escape '\\' desc, length(title), title limit ?2",
        begin,
        limit,
    )

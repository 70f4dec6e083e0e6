"""From the world to a database."""

import json
import sqlite3
import zlib
from typing import Any

from webarena_mini.kit.database import build_snapshot, insert
from webarena_mini.sites.wiki import FOLDER
from webarena_mini.sites.wiki.domain.text import path_of, to_html, to_text
from webarena_mini.sites.wiki.seed.compose import Document, compose
from webarena_mini.sites.wiki.seed.lists import COLUMNS, aliases, categories, list_rows, list_title
from webarena_mini.sites.wiki.seed.model import Article, World
from webarena_mini.sites.wiki.seed.words import number
from webarena_mini.sites.wiki.seed.world import make_world


def build() -> bytes:
    """Serialised database with everything in it."""
    schema = (FOLDER / "schema.sql").read_text("utf-8")
    return build_snapshot(schema, _fill)


def _fill(db: sqlite3.Connection) -> None:
    world = make_world()
    known = {*world.entries, *(list_title(topic) for topic in COLUMNS)}
    articles: dict[str, Article] = {}
    db.execute("insert into dice values (0)")
    for entry in world.entries.values():
        article, document, text = compose(world, entry, known)
        articles[entry.name] = article
        names = list(dict.fromkeys(categories(world, entry, article)))
        home = (entry.town, world.home(entry).district) if entry.town else ("", world.region.name)
        article_id = _write(db, entry.name, entry.kind, entry.topic, document, text, home=home, categories=names)
        _write_facts(db, article_id, article)
    for topic in COLUMNS:
        _write_list(db, world, topic, articles, known)
    _write_categories(db)
    pages = (title for (title,) in db.execute("select title from article where kind in ('category', 'list')"))
    forms = aliases(world) | {title.lower(): title for title in pages}
    rows = [(path_of(form), path_of(title)) for form, title in forms.items()]
    db.executemany("insert into redirect values (?, ?)", rows)
    db.execute("insert into search (search) values ('optimize')")


def _write(
    db: sqlite3.Connection,
    title: str,
    kind: str,
    topic: str,
    document: Document,
    text: str,
    *,
    home: tuple[str, str] = ("", ""),
    categories: list[str],
) -> int:
    article_id = insert(
        db,
        "article",
        title=title,
        path=path_of(title),
        kind=kind,
        topic=topic,
        town=home[0],
        district=home[1],
        summary=text.split("\n", 1)[0],
        words=len(text.split()),
        document=zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()),
    )
    db.execute("insert into search (rowid, title, body) values (?, ?, ?)", (article_id, title, text))
    db.executemany("insert into category values (?, ?)", [(name, article_id) for name in categories])
    return article_id


def _write_facts(db: sqlite3.Connection, article_id: int, article: Article) -> None:
    facts = [(article_id, label, to_text(value)) for label, value in article.box]
    db.executemany("insert into fact values (?, ?, ?)", facts)
    for table in article.tables.values():
        rows = [
            (article_id, table.caption, index, json.dumps([to_text(cell) for cell in row], ensure_ascii=False))
            for index, row in enumerate(table.rows, 1)
        ]
        db.executemany("insert into line values (?, ?, ?, ?)", rows)


def _write_list(
    db: sqlite3.Connection, world: World, topic: str, articles: dict[str, Article], known: set[str]
) -> None:
    rows = list_rows(world, topic, articles)
    title = list_title(topic)
    lead = f"This '''{title[0].lower()}{title[1:]}''' has {number(len(rows))} entries, in alphabetical order."
    table = {
        "caption": topic,
        "head": ("Name", *COLUMNS[topic]),
        "rows": [[to_html(cell, known) for cell in row] for row in rows],
    }
    lists = [list_title(other) for other in COLUMNS if other != topic]
    document: dict[str, Any] = {
        "lead": [{"html": to_html(lead, known), "source": None}],
        "box": [],
        "picture": None,
        "sections": [{"id": "s1", "title": "List", "paragraphs": [], "table": table}],
        "sources": [],
        "see": [(name, path_of(name)) for name in lists],
    }
    text = "\n".join([to_text(lead), *(" ".join(map(to_text, row)) for row in rows)])
    _write(db, title, "list", topic, document, text, categories=["Lists", topic])


def _write_categories(db: sqlite3.Connection) -> None:
    """Category pages are found by their path, not by the search."""
    for (name,) in db.execute("select distinct name from category order by name").fetchall():
        title = f"Category:{name}"
        count = db.execute("select count(*) from category where name = ?", (name,)).fetchone()[0]
        insert(
            db,
            "article",
            title=title,
            path=path_of(title),
            kind="category",
            topic="",
            town="",
            district="",
            summary=f"{count} articles in the category {name}.",
            words=0,
            document=b"",
        )

"""Articles, categories, the main page."""

import json
import sqlite3
import zlib
from itertools import groupby
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING, href
from webarena_mini.sites.wiki.pages.frame import render


async def to_landing(request: Request) -> Response:
    return RedirectResponse(f"/{BOOK}/A/{LANDING}", status_code=302)


_FEATURED = "Kestrel Point Lighthouse"
_FACTS = ("Lantern Owl", "Valley Herald", "Sable Tarn", "Winter Bellflower", "Slate Toast", "Quillbury Scholars")
_COUNTED = "kind not in ('category', 'list')"
MOST_LETTERS = 300


async def article(request: Request) -> Response:
    database, path = database_of(request), request.path_params["path"]
    found = database.one("select * from article where path = ?", path.replace(" ", "_"))
    if found is None:
        return _elsewhere(request, path)
    if found["kind"] == "category":
        return _category(request, found)
    document = json.loads(zlib.decompress(found["document"]))
    categories = database.all("select name from category where article_id = ? order by name", found["id"])
    boxes = [(found["topic"], _topic(request, found["topic"]))]
    if found["town"]:
        boxes.append((f"More about {found['town']}", _about(request, found["town"])))
    return render(request, "article.html", article=found, document=document, categories=categories, boxes=boxes)


def _elsewhere(request: Request, path: str) -> Response:
    """Another way to write a title, or nothing."""
    form = path.replace(" ", "_").rstrip("/").lower()
    target = database_of(request).value("select target from redirect where path = ?", form)
    if target is None:
        raise HTTPException(404, f"There is no article called “{path.replace('_', ' ')[:MOST_LETTERS]}”.")
    return RedirectResponse(f"/{BOOK}/A/{href(target).removeprefix('./')}", status_code=302)


def _category(request: Request, found: sqlite3.Row) -> Response:
    name = found["title"].removeprefix("Category:")
    members = database_of(request).all(
        "select a.title, a.summary, a.words from article a join category c on c.article_id = a.id where c.name = ?"
        " order by a.title",
        name,
    )
    letters = [(letter, list(group)) for letter, group in groupby(members, key=lambda row: row["title"][0])]
    others = database_of(request).all("select title from article where kind = 'category' order by title")
    return render(request, "category.html", name=name, letters=letters, count=len(members), others=others)


def _topic(request: Request, topic: str) -> list[tuple[str, list[sqlite3.Row]]]:
    """All articles of a topic, under the districts of their towns."""
    rows = database_of(request).all(
        f"select title, district from article where topic = ? and {_COUNTED} order by district, title", topic
    )
    return [(district, list(group)) for district, group in groupby(rows, key=lambda row: row["district"])]


def _about(request: Request, town: str) -> list[tuple[str, list[sqlite3.Row]]]:
    rows = database_of(request).all(
        f"select title, topic as district from article where town = ? and {_COUNTED} order by topic, title", town
    )
    return [(topic, list(group)) for topic, group in groupby(rows, key=lambda row: row["district"])]


async def landing(request: Request) -> Response:
    database = database_of(request)
    topics = database.all(
        f"select topic, count(*) as articles from article where {_COUNTED} group by topic order by topic"
    )
    shown = [(row, _some(request, row["topic"])) for row in topics]
    featured = database.one("select title, path, summary from article where title = ?", _FEATURED)
    facts = [database.one("select title, summary from article where title = ?", title) for title in _FACTS]
    towns = database.all("select title from article where kind = 'town' order by title")
    lists = database.all("select title from article where kind = 'list' order by title")
    count = database.value(f"select count(*) from article where {_COUNTED}")
    values: dict[str, Any] = {"featured": featured, "facts": facts, "towns": towns, "lists": lists, "count": count}
    return render(request, "landing.html", topics=shown, **values)


def _some(request: Request, topic: str) -> list[sqlite3.Row]:
    """The longest articles of a topic."""
    return database_of(request).all(
        f"select title from article where topic = ? and {_COUNTED} order by words desc, title limit 6", topic
    )


async def library(request: Request) -> Response:
    database = database_of(request)
    count = database.value(f"select count(*) from article where {_COUNTED}")
    return render(request, "library.html", count=count)


async def random_article(request: Request) -> Response:
    """The same order of articles in every lease, so that runs can be repeated."""
    database = database_of(request)
    database.run("update dice set rolls = rolls + 1")
    rolls = database.value("select rolls from dice")
    count = database.value(f"select count(*) from article where {_COUNTED}")
    title = database.value(
        f"select title from article where {_COUNTED} order by title limit 1 offset ?", rolls * 101 % count
    )
    return RedirectResponse(f"/{BOOK}/A/{href(title).removeprefix('./')}", status_code=302)

"""A wiki instance that tests talk to over HTTP, without a port."""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.wiki.app import SITE
from webarena_mini.sites.wiki.domain.text import BOOK

ARTICLES = f"/{BOOK}/A/"


@pytest.fixture
async def wiki() -> AsyncIterator[httpx.AsyncClient]:
    database = Database(SITE.snapshot())
    transport = httpx.ASGITransport(SITE.app(Instance(SITE, database, cookie="")))
    async with httpx.AsyncClient(transport=transport, base_url="http://wiki.test") as client:
        yield client
    database.close()


class Facts:
    """What the boxes and tables of the articles say."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    def value(self, title: str, *labels: str) -> str | None:
        """The first of the rows with these labels beside the lead."""
        marks = ", ".join("?" * len(labels))
        row = self.db.execute(
            f"select value from fact f join article a on a.id = f.article_id where a.title = ? and label in ({marks})",
            (title, *labels),
        ).fetchone()
        return row and str(row[0])

    def table(self, title: str, caption: str) -> list[list[str]]:
        rows = self.db.execute(
            "select cells from line l join article a on a.id = l.article_id where a.title = ? and caption = ?"
            " order by number",
            (title, caption),
        )
        return [json.loads(cells) for (cells,) in rows]

    def row(self, title: str, caption: str, first: str) -> list[str]:
        [found] = [row for row in self.table(title, caption) if row[0] == first]
        return found


@pytest.fixture(scope="module")
def facts() -> Iterator[Facts]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(SITE.snapshot())
    yield Facts(connection)
    connection.close()

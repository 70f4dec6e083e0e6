"""A map instance that tests talk to over HTTP, without a port."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html import unescape

import httpx

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.map.app import SITE


class MapSite:
    def __init__(self, client: httpx.AsyncClient, database: Database) -> None:
        self.http = client
        self.database = database

    async def get(self, path: str, status_code: int = 200, **parameters: str) -> str:
        """The page's HTML without entities; `url` is where redirects ended."""
        response = await self.http.get(path, params=parameters or None)
        assert response.status_code == status_code, f"{path}: {response.status_code}"
        self.url = response.url.raw_path.decode()
        return unescape(response.text)

    async def hits(self, query: str) -> list[str]:
        """Full names of the search results."""
        return results(await self.get("/search", query=query))

    def path(self, name: str) -> str:
        row = self.database.one("select type, id from element where name = ? order by importance desc", name)
        assert row is not None, name
        return f"/{row['type']}/{row['id']}"


def results(html: str) -> list[str]:
    numbered = re.search(r'<ol class="hits numbered".*?</ol>', html, re.DOTALL)
    link = r'<a class="hits__name" href="/(?:node|way|relation)/\d+">([^<]+)</a>'
    return re.findall(link, numbered[0]) if numbered else []


def cells(html: str, row_class: str) -> Iterator[list[str]]:
    for row in re.findall(rf'<tr class="{row_class}">(.*?)</tr>', html, re.DOTALL):
        yield [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]


def field(html: str, name: str) -> str:
    found = re.search(rf'<input[^>]* name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


@asynccontextmanager
async def map_site() -> AsyncIterator[MapSite]:
    database = Database(SITE.snapshot())
    transport = httpx.ASGITransport(app=SITE.app(Instance(SITE, database, cookie="map_sid")))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://map.test", follow_redirects=True) as client:
            yield MapSite(client, database)
    finally:
        database.close()

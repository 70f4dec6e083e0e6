"""A visitor of the forum without a browser: follows links and sends forms as HTML says they work."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.forum.app import SITE

ACCOUNT, PASSWORD = "MarvelsGrantMan136", "test1234"
TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Visitor:
    """`html` is the page that the last request ended on, `url` its path and query.

    `redirected` says of a form that was sent that it was taken.
    """

    def __init__(self, client: httpx.AsyncClient, database: Database) -> None:
        self.client = client
        self.database = database
        self.html = ""
        self.url = ""
        self.status = 0
        self.redirected = False

    async def get(self, path: str) -> str:
        return self._keep(await self.client.get(path, headers=self._referer()))

    async def post(self, path: str, **fields: str) -> str:
        """Sends a form with the token of the page that is open."""
        found = TOKEN.search(self.html)
        token = {"token": found[1]} if found else {}
        return self._keep(await self.client.post(path, data={**token, **fields}, headers=self._referer()))

    async def log_in(self, name: str = ACCOUNT, password: str = PASSWORD) -> str:
        await self.get("/login")
        return await self.post("/login", username=name, password=password)

    def _referer(self) -> dict[str, str]:
        return {"referer": f"http://forum{self.url}"} if self.url else {}

    def _keep(self, response: httpx.Response) -> str:
        self.status, self.redirected = response.status_code, bool(response.history)
        self.url = response.url.raw_path.decode()
        self.html = unescape(response.text)
        return self.html


@asynccontextmanager
async def visiting(*, logged_in: bool = False) -> AsyncIterator[Visitor]:
    database = Database(SITE.snapshot())
    instance = Instance(SITE, database, cookie="forum_sid")
    transport = httpx.ASGITransport(app=SITE.app(instance))
    cookies = {}
    if logged_in:
        assert SITE.login is not None
        cookies = {"forum_sid": SITE.login(database)}
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://forum", follow_redirects=True, cookies=cookies
        ) as client:
            yield Visitor(client, database)
    finally:
        database.close()

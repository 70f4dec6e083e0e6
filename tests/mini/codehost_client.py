"""A visitor of the code hosting site without a browser: follows links and sends forms as HTML says they work."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx

from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import open_session
from webarena_mini.kit.site import Instance
from webarena_mini.sites.codehost.app import SITE

ACCOUNT, PASSWORD = "byteblaze", "hello1234"
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

    async def post(self, where: str, /, **fields: str) -> str:
        """Sends a form with the token of the page that is open."""
        return await self.send(where, fields)

    async def send(self, path: str, fields: dict[str, str]) -> str:
        found = TOKEN.search(self.html)
        token = {"token": found[1]} if found else {}
        return self._keep(await self.client.post(path, data={**token, **fields}, headers=self._referer()))

    async def sign_in(self, name: str = ACCOUNT, password: str = PASSWORD) -> str:
        await self.get("/users/sign_in")
        return await self.send("/users/sign_in", {"user[login]": name, "user[password]": password})

    def _referer(self) -> dict[str, str]:
        return {"referer": f"http://codehost{self.url}"} if self.url else {}

    def _keep(self, response: httpx.Response) -> str:
        self.status, self.redirected = response.status_code, bool(response.history)
        self.url = response.url.raw_path.decode()
        self.html = unescape(response.text)
        return self.html


@asynccontextmanager
async def visiting(*, signed_in: bool = False, user: str = "") -> AsyncIterator[Visitor]:
    """A site of its own, and somebody on it: the account, another user by name, or a stranger."""
    database = Database(SITE.snapshot())
    instance = Instance(SITE, database, cookie="codehost_sid")
    transport = httpx.ASGITransport(app=SITE.app(instance))
    cookies = {}
    if signed_in:
        assert SITE.login is not None
        cookies = {"codehost_sid": SITE.login(database)}
    elif user:
        user_id = database.value("select id from users where username = ?", user)
        cookies = {"codehost_sid": open_session(database, user_id)[0]}
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://codehost", follow_redirects=True, cookies=cookies
        ) as client:
            yield Visitor(client, database)
    finally:
        database.close()

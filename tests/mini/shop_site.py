"""A shop instance that tests talk to over HTTP, without a port."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.shop.app import SITE

COOKIE = "shop_sid"
EMMA = {"email": "emma.lopez@gmail.com", "password": "Password.123"}


class ShopSite:
    """One instance and one visitor; `login` makes the visitor the official account."""

    def __init__(self) -> None:
        self.db = Database(SITE.snapshot())
        self.instance = Instance(SITE, self.db, cookie=COOKIE)
        transport = httpx.ASGITransport(SITE.app(self.instance))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://shop.test", follow_redirects=True)

    def login(self) -> None:
        self.http.cookies.set(COOKIE, SITE.login(self.db) if SITE.login else "")

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def text(self, path: str) -> str:
        """The page's visible text in one line, tags removed."""
        response = await self.http.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return plain(response.text)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Posts a form as the page of this session would, with its form key."""
        page = await self.http.get("/contact/")
        found = re.search(r'name="form_key" value="(\w+)"', page.text)
        assert found, "the contact page has no form key"
        return await self.http.post(path, data={"form_key": found[1], **fields})

    async def admin_headers(self) -> dict[str, str]:
        account = {"username": "admin", "password": "admin1234"}
        response = await self.http.post("/rest/default/V1/integration/admin/token", json=account)
        return {"Authorization": f"Bearer {response.json()}"}

    def product(self, where: str, *values: object) -> dict[str, object]:
        row = self.db.one(f"select * from product where {where} order by id", *values)
        assert row is not None, f"no product where {where}"
        return dict(row)


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
async def shop() -> AsyncIterator[ShopSite]:
    site = ShopSite()
    async with site.http:
        yield site
    site.db.close()

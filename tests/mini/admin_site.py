"""A shop admin instance that tests talk to over HTTP, without a port."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.mini.shop_site import plain
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.admin.app import SITE

COOKIE = "admin_sid"
ADMIN = {"username": "admin", "password": "admin1234"}
FORM_KEY = re.compile(r'name="form_key" value="(\w+)"')


class AdminSite:
    """One instance and one visitor, who is signed in unless `sign_out` was called."""

    def __init__(self) -> None:
        self.db = Database(SITE.snapshot())
        transport = httpx.ASGITransport(SITE.app(Instance(SITE, self.db, cookie=COOKIE)))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://admin.test", follow_redirects=True)
        self.http.cookies.set(COOKIE, SITE.login(self.db) if SITE.login else "")

    def sign_out(self) -> None:
        self.http.cookies.clear()

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def html(self, path: str) -> str:
        response = await self.http.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return response.text

    async def text(self, path: str) -> str:
        """The page's visible text in one line, tags removed."""
        return plain(await self.html(path))

    async def post(self, path: str, *, page: str = "/corrie-racer-tank.html", **fields: object) -> httpx.Response:
        """Posts a form with the key of this session's pages; `page` is one that has a form."""
        found = FORM_KEY.search((await self.http.get(page)).text)
        assert found, f"{page} has no form key"
        return await self.http.post(path, data={"form_key": found[1], **fields})

    def value(self, query: str, *values: object) -> object:
        return self.db.value(query, *values)


def values_of(html: str) -> dict[str, str]:
    """What the page's edit form would send as it stands."""
    form = html[html.index('id="edit"') :]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        is_box = 'type="checkbox"' in tag or 'type="radio"' in tag
        if name and value and (not is_box or " checked" in tag):
            sent[name[1]] = value[1]
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        sent[name] = chosen[1] if chosen else ""
    sent |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))
    return sent


@pytest.fixture
async def admin() -> AsyncIterator[AdminSite]:
    site = AdminSite()
    async with site.http:
        yield site
    site.db.close()

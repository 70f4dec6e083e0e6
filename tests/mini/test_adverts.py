"""The advertisements as a visitor meets them: official addresses, what is written stays, pages for every mistake."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.kit.stills import draw
from webarena_mini.kit.wares import shapes, tones
from webarena_mini.sites.adverts.app import SITE
from webarena_mini.sites.adverts.domain.wares import categories
from webarena_mini.sites.adverts.pages.reset import PUBLISHED_TOKEN
from webarena_runner.sites.resets.classifieds import PUBLISHED_TOKEN as ASKED_WITH

TOKEN = re.compile(r'name="token" value="([^"]+)"')
MY_LISTINGS = "/index.php?page=user&action=items"
NEW = "/index.php?page=item&action=item_add"
# Published for the official site: its ids are five digits too.
FIRST, OWN, OTHERS = 84001, 84010, 84077
SEARCH = "/index.php?page=search"


class Visitor:
    """`html` is the page that the last request ended on, `url` its path and query."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.html = self.url = ""
        self.status = 0

    async def get(self, path: str) -> str:
        return self._keep(await self._client.get(path))

    async def post(
        self, action: str, files: dict[str, bytes] | None = None, *, follow: bool = True, **fields: object
    ) -> str:
        """Sends a form with the token of the page that is open."""
        found = TOKEN.search(self.html)
        data = {"token": found[1] if found else "", **fields}
        return self._keep(
            await self._client.post(f"/index.php?{action}", data=data, files=files, follow_redirects=follow)
        )

    def _keep(self, response: httpx.Response) -> str:
        self.status, self.url = response.status_code, response.url.raw_path.decode()
        self.html = unescape(response.text)
        return self.html

    @property
    def titles(self) -> list[str]:
        return re.findall(r'<h2><a href="[^"]+">([^<]+)</a></h2>', self.html)


@asynccontextmanager
async def visiting(*, logged_in: bool = True) -> AsyncIterator[Visitor]:
    database = Database(SITE.snapshot())
    transport = httpx.ASGITransport(app=SITE.app(Instance(SITE, database, cookie="osclass")))
    assert SITE.login is not None
    cookies = {"osclass": SITE.login(database)} if logged_in else {}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://adverts", follow_redirects=True, cookies=cookies
    ) as client:
        yield Visitor(client)
    database.close()


@pytest.mark.parametrize(
    "query", ["sPattern=bike", "sPattern=%22%29+OR+*", "sCategory=5&iPage=2", "sPriceMin=x&sOrder=1"]
)
async def test_searches_open(query: str) -> None:
    async with visiting(logged_in=False) as visitor:
        await visitor.get(f"{SEARCH}&{query}")
        assert visitor.status == 200


async def test_a_search_is_by_words_category_price_and_order() -> None:
    async with visiting() as visitor:
        await visitor.get(f"{SEARCH}&sPattern=bikes&sPriceMin=100&sPriceMax=400&sOrder=i_price&iOrderType=asc")
        prices = [float(text.replace(",", "")) for text in re.findall(r'__price">\$([\d,.]+)<', visitor.html)]
        assert len(prices) > 5
        assert prices == sorted(prices)
        assert 100 <= prices[0] <= prices[-1] <= 400
        assert all("bike" in title.lower() for title in visitor.titles)
        await visitor.get(f"{SEARCH}&sPattern=zeppelin")
        assert 'There are no results matching "zeppelin"' in visitor.html


@pytest.mark.parametrize("path", [NEW, MY_LISTINGS, "/index.php?page=user&action=profile"])
async def test_who_is_not_logged_in_is_sent_to_the_log_in_page_and_back(path: str) -> None:
    name, password = ACCOUNTS["classifieds"]
    async with visiting(logged_in=False) as visitor:
        await visitor.get(path)
        for wrong, told in (
            ({"email": name, "password": "wrong"}, "The password is wrong."),
            ({"email": "nobody@example.com", "password": password}, "There is no such user."),
        ):
            assert visitor.url == "/index.php?page=login"
            await visitor.post("page=login&action=login_post", **wrong)
            assert told in visitor.html
        assert "no such user" not in await visitor.get("/index.php?page=login")
        await visitor.post("page=login&action=login_post", email=name, password=password)
        assert visitor.url == path


async def test_a_listing_is_published_changed_and_deleted() -> None:
    async with visiting() as visitor:
        await visitor.get(NEW)
        await visitor.post("page=item&action=item_add_post", title="", description="d", catId="99", price="much")
        assert visitor.url == NEW
        assert visitor.html.count('role="alert"') == 3
        assert 'name="price" value="much"' in visitor.html
        picture = BytesIO()
        Image.new("RGB", (8, 8), "red").save(picture, "PNG")
        ware = {
            "title": "Ladder",
            "description": "Three metres.",
            "catId": "10",
            "price": "1,250.50",
            "town": "Fernhill",
        }
        await visitor.post("page=item&action=item_add_post", {"photo": picture.getvalue()}, **ware)
        path = visitor.url
        assert "Your listing has been published." in visitor.html
        assert "$1,250.50" in visitor.html
        uploaded = re.search(r'src="(/oc-content/uploads/own/[^"]+)"', visitor.html)
        assert uploaded is not None
        await visitor.get(uploaded[1])
        assert visitor.status == 200
        number = path.rpartition("=")[2]
        await visitor.get(f"{path}&action=item_edit")
        await visitor.post("page=item&action=item_edit_post", **{**ware, "id": number, "title": ""})
        assert visitor.url == f"/index.php?page=item&action=item_edit&id={number}"
        assert "The title is missing." in visitor.html
        await visitor.post("page=item&action=item_edit_post", **{**ware, "id": number, "title": "Steps", "price": ""})
        assert "Check with seller" in visitor.html
        assert "been published" not in visitor.html
        await visitor.get(f"{SEARCH}&sPattern=steps")
        assert visitor.titles == ["Steps"]
        await visitor.get(f"{path}&action=item_delete")
        await visitor.post("page=item&action=item_delete_post", id=number)
        assert visitor.url == MY_LISTINGS
        await visitor.get(path)
        assert visitor.status == 404


async def test_a_comment_has_a_rating_and_can_be_taken_back() -> None:
    async with visiting() as visitor:
        await visitor.get(f"/index.php?page=item&id={OTHERS}")
        await visitor.post("page=item&action=add_comment", id=OTHERS, title="Hello", body="", rating="")
        assert visitor.url == f"/index.php?page=item&id={OTHERS}"
        assert visitor.html.count('role="alert"') == 2
        assert 'name="title" value="Hello"' in visitor.html
        await visitor.post("page=item&action=add_comment", id=OTHERS, title="Hello", body="Nice one.", rating="4")
        assert "Hello by Blake Sullivan" in visitor.html
        assert "★★★★☆" in visitor.html
        comment = re.search(r'name="comment" value="(\d+)"', visitor.html)
        assert comment is not None
        await visitor.post("page=item&action=delete_comment", id=OTHERS, comment=comment[1])
        assert "Nice one." not in visitor.html


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/index.php?page=item&action=item_edit&id={OTHERS}", 403),
        (f"/index.php?page=item&action=item_delete&id={OTHERS}", 403),
        ("/index.php?page=item&id=99999999999999999999", 404),
        ("/index.php?page=item&id=x", 404),
        ("/index.php?page=nothing", 404),
        ("/index.php?page=user&action=pub_profile&id=4711", 404),
        ("/oc-content/uploads/840/1.png", 404),
    ],
)
async def test_every_mistake_has_a_page(path: str, status: int) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert visitor.status == status


async def test_a_form_without_its_token_changes_nothing() -> None:
    async with visiting() as visitor:
        await visitor.post("page=item&action=item_delete_post", id=OWN)
        assert visitor.status == 403
        await visitor.get(f"/index.php?page=item&id={OWN}")
        assert visitor.status == 200


async def test_what_a_refused_form_had_is_in_no_other_form_and_told_once() -> None:
    async with visiting(logged_in=False) as visitor:
        await visitor.get(f"/index.php?page=item&id={OTHERS}")
        await visitor.post("page=item&action=contact_post", id=OTHERS, yourEmail="me", message="Still there?")
        assert "This is not an email address" in visitor.html
        assert "Still there?</textarea>" in visitor.html
        refused = {"id": OTHERS, "yourEmail": "me", "message": "Still there?"}
        await visitor.post("page=item&action=contact_post", follow=False, **refused)
        assert visitor.status == 302
        await visitor.get(f"/index.php?page=item&id={OWN}")
        assert "This is not an email address" in visitor.html
        assert "Still there?" not in visitor.html
        await visitor.get(f"/index.php?page=item&id={OTHERS}")
        assert "Still there?" not in visitor.html
        assert 'role="alert"' not in visitor.html


async def test_registration_shows_its_form_again_in_place() -> None:
    async with visiting(logged_in=False) as visitor:
        await visitor.get("/index.php?page=register&action=register")
        await visitor.post("page=register&action=register_post", s_name="Ada", s_email="ada", s_password="short")
        assert visitor.url == "/index.php?page=register&action=register_post"
        assert visitor.html.count('role="alert"') == 2
        assert 'name="s_name" value="Ada"' in visitor.html
        fields = {"s_name": "Ada", "s_email": "a@b.example", "s_password": "longenough", "s_password2": "longenough"}
        await visitor.post("page=register&action=register_post", **fields)
        assert visitor.url == "/index.php?page=user&action=dashboard"


async def test_the_reset_page_wants_the_published_token() -> None:
    assert PUBLISHED_TOKEN == ASKED_WITH
    async with visiting() as visitor:
        await visitor.get(f"/index.php?page=item&id={OWN}&action=item_delete")
        await visitor.post("page=item&action=item_delete_post", id=OWN)
        await visitor.post("page=reset", token="wrong")
        assert visitor.status == 403
        await visitor.post("page=reset", token=PUBLISHED_TOKEN)
        assert visitor.status == 200
        await visitor.get(f"/index.php?page=item&id={OWN}")
        assert visitor.status == 200
        assert "Login" in visitor.html


def test_pictures_show_how_many_there_are_and_of_which_colour() -> None:
    database = Database(SITE.snapshot())
    rows = database.all("select * from items where shape in ('sofa', 'mug', 'ball', 'toolbox', 'phone', 'tent')")
    database.close()
    assert len(rows) > 40
    for row in rows:
        seen = np.asarray(
            Image.open(BytesIO(drawn(row["shape"], row["tone"], row["pieces"], row["id"]))).convert("RGB")
        )
        assert nearest_tone(seen) == row["tone"], dict(row)
        assert blobs(seen, tones()[row["tone"]]) >= row["pieces"], dict(row)


def test_every_ware_is_drawn_and_none_as_another() -> None:
    assert {ware.shape for wares in categories().values() for ware in wares} == set(shapes())
    seen = {shape: np.asarray(Image.open(BytesIO(drawn(shape, "red", 1, 7))).convert("L"), float) for shape in shapes()}
    for one, other in ((a, b) for a in seen for b in seen if a < b):
        assert np.abs(seen[one] - seen[other]).mean() > 1, (one, other)


def drawn(shape: str, tone: str, pieces: int, seed: int) -> bytes:
    return draw(shape, tones()[tone], pieces, "", seed)


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def nearest_tone(picture: np.ndarray) -> str:
    """The colour of the palette that most pixels have exactly: walls and floors are none of them."""
    return max(tones(), key=lambda name: int((picture == rgb(tones()[name])).all(axis=2).sum()))


def blobs(picture: np.ndarray, colour: str) -> int:
    mask = (picture == rgb(colour)).all(axis=2)
    _, count = ndimage.label(mask)
    return int(count)

"""Templates about goods of the shop: the color of some stands in no name, labels have brand and kind."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from html import unescape
from typing import Any

import httpx

from tests.tools.mini_visual.records import Action, Picker, Records, Row, alike, button, html, link
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.shop.app import SITE

SHOPPING = "shopping"
LABELLED = {"boardgame", "bottle", "carton", "jar", "pouch", "tin"}
# Categories of goods whose names say nothing of their color.
WITH_SECRETS = ("electronics/headphones", "office-school/backpacks", "sports-outdoors/bottles-flasks")
_ROWS = "select p.*, c.path, c.name as shelf_name from product p join category c on c.id = p.shelf order by p.id"
_NAME = re.compile(r'class="product-item-link"[^>]*>([^<]+)<')


class Shop:
    def __init__(self, records: Records) -> None:
        self._add = records.add
        self._pick = Picker("shop")
        with closing(Database(SITE.snapshot())) as database:
            self._rows = [dict(row) for row in database.all(_ROWS)]
            with_options = {row[0] for row in database.all("select distinct product from choice")}
        self._secret = [row for row in self._rows if row["colour"] not in row["name"] and " " not in row["colour"]]
        # A few of all categories: each page takes its time.
        paths = [*sorted({row["path"] for row in self._rows})[::4], *WITH_SECRETS]
        pages = asyncio.run(_first_pages(sorted(set(paths))))
        listed = [row for row in self._rows if row["name"] in pages.get(row["path"], ())]
        self._listed = {path: [row for row in listed if row["path"] == path] for path in pages}
        looks = Counter(map(_look, listed))
        self._alone = [row for row in listed if looks[_look(row)] == 1]
        self._plain = [row for row in self._alone if row["stock"] and row["id"] not in with_options]

    def add_all(self) -> None:
        self._colour()
        self._label()
        self._sku()
        self._price()
        self._wish()
        self._count()
        self._open()
        self._cart()

    def _colour(self) -> None:
        text = "Which color has the product in the picture on this page? Answer with one word."
        for row in self._pick(self._secret, 3):
            answers = {"must_include": [row["colour"].lower()]}
            self._add(SHOPPING, (20, text), start=_page(row), answer=row["colour"], string_match=answers)

    def _label(self) -> None:
        text = "Which words are printed in capital letters on the label in the picture? Answer with them only."
        for row in self._pick([row for row in self._rows if row["picture"] in LABELLED], 3):
            brand, answers = row["brand"].upper(), {"exact_match": row["brand"]}
            self._add(SHOPPING, (21, text), start=_page(row), answer=brand, string_match=answers)

    def _sku(self) -> None:
        text = "What is the SKU of the product in the picture? It is in the category {{shelf}}. Answer with it only."
        for row in self._pick(self._alone, 3):
            self._find((22, text), row, answer=row["sku"], string_match={"exact_match": row["sku"]})

    def _price(self) -> None:
        text = "What does the product in the picture cost? It is in the category {{shelf}}. Answer with the price only."
        for row in self._pick(self._alone, 3):
            price = f"{row['price'] / 100:.2f}"
            self._find((23, text), row, answer=f"${price}", string_match={"must_include": [price]})

    def _wish(self) -> None:
        text = "Put the product in the picture on my wish list. It is in the category {{shelf}}."
        for row in self._pick(self._alone, 3):
            list_url, locator = "__SHOPPING__/wishlist/", "document.querySelector('.products-grid.wishlist').outerText"
            self._find(
                (24, text),
                row,
                [button("Add to Wish List")],
                program_html=html(list_url, locator, must_include=[row["name"]]),
                page_image_query=alike(".wishlist .product-image-photo", _file(row), list_url),
            )

    def _count(self) -> None:
        text = "How many of the products on this page are {{tone}} in their picture? Answer with a number only."
        for path in WITH_SECRETS:
            tone, number = Counter(row["colour"] for row in self._listed[path]).most_common(1)[0]
            more = {"values": {"tone": tone.lower()}, "visual": "hard", "string_match": {"exact_match": str(number)}}
            self._add(SHOPPING, (25, text), start=f"/{path}.html", answer=str(number), **more)

    def _open(self) -> None:
        text = "Open the page of the product in the picture. It is in the category {{shelf}}."
        for row in self._pick(self._alone, 3):
            checks = {
                "url_match": f"__SHOPPING__{_page(row)}",
                "page_image_query": alike(".fotorama__stage__frame", _file(row)),
            }
            self._find((26, text), row, **checks)

    def _cart(self) -> None:
        text = "Put one of the product in the picture into my cart. It is in the category {{shelf}}."
        for row in self._pick(self._plain, 2):
            check = html("__SHOPPING__/checkout/cart", "func:get_query_text(__page__, '.cart-table')")
            check[0]["required_contents"] = {"must_include": [row["name"]]}
            self._find((27, text), row, [button("Add to Cart")], program_html=check)

    def _find(self, template: tuple[int, str], row: Row, actions: Sequence[Action] = (), **parts: Any) -> None:
        """From the first page of its category, by its picture."""
        start, values = f"/{row['path']}.html", {"shelf": row["shelf_name"]}
        played = [link(row["name"]), *actions]
        shown = {"image": _file(row), "values": values, "visual": "medium"}
        self._add(SHOPPING, template, played, start=start, **shown, **parts)


async def _first_pages(paths: Sequence[str]) -> dict[str, list[str]]:
    """The names on the first page of each category."""
    database, found = Database(SITE.snapshot()), {}
    transport = httpx.ASGITransport(SITE.app(Instance(SITE, database, cookie="shop_sid")))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        for path in paths:
            found[path] = [unescape(name) for name in _NAME.findall((await client.get(f"/{path}.html")).text)]
    database.close()
    return found


def _look(row: Row) -> tuple[object, ...]:
    return row["path"], row["picture"], row["colour"], row["brand"], row["kind"]


def _page(row: Row) -> str:
    return f"/{row['slug']}.html"


def _file(row: Row) -> str:
    return f"__SHOPPING__/media/catalog/product/{row['slug']}.jpg"

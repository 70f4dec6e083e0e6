"""The helpers of VisualWebArena's task files that look at a page: a closed table behind `notation.parse_helper`.

They give what the published ones give on the same page, an empty text or 0 where that has another form.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from webarena_runner.errors import ScriptError
from webarena_runner.interfaces import PageProbe
from webarena_runner.official.notation import ALTERNATIVES

Selected = str | int | float
_TEXT = "() => document.querySelector(%s).textContent"
_PRICE = """() => parseFloat(document.querySelector(
  "#maincontent > div.columns > div > div.product-info-main > div.product-info-price "
  + "> div.price-box.price-final_price > span > span").outerText.slice(1)) || 0"""
_REVIEWS = """() => parseInt(document.querySelector("#tab-label-reviews-title").outerText.split(" ")[1]) || 0"""
_ATTRIBUTES = """() => [...document.querySelector("#productDetails_detailBullets_sections1 > tbody").children]
  .filter((row) => %s.some((term) => row.children[0].outerText.toLowerCase().includes(term)))
  .map((row) => row.children[1].outerText).join(", ")"""
# The lines of an order, each with the texts of its cells by their second class, and the options of its product.
_PRODUCTS = """() => [...document.querySelector("#my-orders-table").getElementsByTagName("tbody")].map((body) => {
  const product = {};
  for (const cell of body.getElementsByTagName("td")) {
    const key = cell.className.split(" ")[1];
    product[key] = cell.outerText;
    const list = key === "name" && cell.querySelector("dl");
    if (list) {
      const parts = [...list.children].map((part) => part.outerText);
      product.options = Object.fromEntries(parts.flatMap((part, at) => at % 2 ? [] : [[part, parts[at + 1]]]));
    }
  }
  return product;
})"""
# Comments below each other, from the whole page, which counts as one by the first name, text and time on it.
_COMMENTS = """() => {
  const read = (node, level) => {
    const time = new Date(node.querySelector(".comment__main > header > h1 > span > time").dateTime).getTime();
    if (Number.isNaN(time)) throw new Error("no time");
    node.querySelector(".vote__net-score").outerText;
    return {
      user: node.querySelector(".fg-inherit").outerText,
      content: node.querySelector(".comment__content").outerText,
      time,
      below: [...node.querySelectorAll(".comment")]
        .filter((each) => parseInt(each.getAttribute("data-level")) === level + 1)
        .map((each) => read(each, level + 1)),
    };
  };
  return read(document.querySelector("#main"), 0);
}"""
Comment = Mapping[str, Any]


class PageHelpers:
    """Calls helpers on pages that `page` shows."""

    def __init__(self, page: PageProbe) -> None:
        self._page = page

    @property
    def table(self) -> Mapping[str, Callable[..., Awaitable[Selected]]]:
        """By name; each takes the address of the page as the target asked for it, and its texts."""
        return {
            "get_query_text": self._query_text,
            "reddit_get_latest_comment_content_by_username": self._latest_comment,
            "reddit_get_parent_comment_username_of_latest_comment_by_username": self._parent_of_latest,
            "shopping_get_num_reviews": self._num_reviews,
            "shopping_get_order_product_name_list": self._product_names,
            "shopping_get_order_product_option": self._product_option,
            "shopping_get_order_product_quantity": self._product_quantity,
            "shopping_get_product_attributes": self._attributes,
            "shopping_get_product_price": self._price,
        }

    async def _query_text(self, page_url: str, selector: str) -> Selected:
        return str(await self._value(_TEXT % json.dumps(selector), page_url, ""))

    async def _latest_comment(self, page_url: str, username: str) -> Selected:
        latest: Comment | None = None
        for comment in _down(await self._comments(page_url)):
            if comment["user"] == username and (latest is None or comment["time"] > latest["time"]):
                latest = comment
        return str(latest["content"]) if latest else ""

    async def _parent_of_latest(self, page_url: str, username: str) -> Selected:
        """Comments below the user's own are not looked at, as published."""
        pairs = [pair for root in await self._comments(page_url) for pair in _answered(root, username)]
        latest: tuple[Comment, Comment] | None = None
        for parent, child in pairs:
            if latest is None or child["time"] > latest[1]["time"]:
                latest = parent, child
        return str(latest[0]["user"]) if latest else ""

    async def _num_reviews(self, page_url: str) -> Selected:
        return _number(await self._value(_REVIEWS, page_url, 0))

    async def _price(self, page_url: str) -> Selected:
        """A comma ends the number: $1,299.00 is 1, as published."""
        return _number(await self._value(_PRICE, page_url, 0))

    async def _attributes(self, page_url: str, attribute: str) -> Selected:
        terms = attribute.lower().split(ALTERNATIVES.lower())
        return str(await self._value(_ATTRIBUTES % json.dumps(terms), page_url, ""))

    async def _product_names(self, page_url: str) -> Selected:
        products = await self._products(page_url)
        return ALTERNATIVES.join(each["name"] for each in products) if all("name" in each for each in products) else ""

    async def _product_quantity(self, page_url: str, sku: str) -> Selected:
        """Of the first product with one of the numbers; its text is such as `Ordered2`."""
        product = await self._product(page_url, sku.split(ALTERNATIVES))
        quantity = product.get("qty", "")[len("Ordered") :].strip()
        return int(quantity) if quantity.isdecimal() else 0

    async def _product_option(self, page_url: str, sku: str, option: str) -> Selected:
        product = await self._product(page_url, [sku])
        return str(product.get("options", {}).get(option, ""))

    async def _product(self, page_url: str, numbers: Sequence[str]) -> Mapping[str, Any]:
        """Empty where there is none, or one before it has no number."""
        for product in await self._products(page_url):
            if "sku" not in product:
                break
            if product["sku"].strip() in numbers:
                return product
        return {}

    async def _products(self, page_url: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self._value(_PRODUCTS, page_url, [])
        return found

    async def _comments(self, page_url: str) -> Sequence[Comment]:
        """The page as the one at the top; nothing where it is no page of a post with comments."""
        root = await self._value(_COMMENTS, page_url, None)
        return [root] if root else []

    async def _value(self, script: str, page_url: str, otherwise: Any) -> Any:
        try:
            return await self._page.evaluate(script, page_url)
        except ScriptError:
            return otherwise


def _number(value: Any) -> Selected:
    """Whole numbers as such: 12, and not 12.0."""
    return int(value) if float(value).is_integer() else float(value)


def _down(comments: Sequence[Comment]) -> list[Comment]:
    """Each before those below it."""
    return [each for comment in comments for each in (comment, *_down(comment["below"]))]


def _answered(parent: Comment, username: str) -> list[tuple[Comment, Comment]]:
    """The user's comments, each with the one that it is below."""
    found: list[tuple[Comment, Comment]] = []
    for child in parent["below"]:
        found += [(parent, child)] if child["user"] == username else _answered(child, username)
    return found

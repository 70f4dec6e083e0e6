"""Lists of products: what their URLs ask for, filters, sorting, paging."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Row
from urllib.parse import urlencode

from webarena_mini.kit.numbers import LARGEST_ID, to_int

LIMITS = (12, 24, 36)
ORDERS = {
    "position": "Position",
    "relevance": "Relevance",
    "name": "Product Name",
    "price": "Price",
    "rating": "Rating",
}
NATURAL_ORDERS = {"position", "relevance"}


@dataclass(frozen=True)
class Listing:
    """What a listing URL asks for. Prices are cents, `high` is exclusive; None leaves a side open.

    `terms` are the URL parameters of a search, such as q; a category has none. `department` is a top category's id.
    """

    path: str
    terms: tuple[tuple[str, str], ...] = ()
    natural_order: str = "position"
    page: int = 1
    order: str = "position"
    descending: bool = False
    limit: int = LIMITS[0]
    low: int | None = None
    high: int | None = None
    brand: str = ""
    department: int = 0

    @staticmethod
    def parse(path: str, params: Mapping[str, str], *, terms: Mapping[str, str] | None = None) -> "Listing":
        """From the query string; what cannot be read is ignored. Without `terms` it lists a category."""
        natural = "position" if terms is None else "relevance"
        order = params.get("product_list_order", natural)
        order = order if order in ORDERS and order not in NATURAL_ORDERS - {natural} else natural
        direction = params.get("product_list_dir", "desc" if order == "rating" else "asc")
        low, high = price_range(params.get("price", "")) or (None, None)
        page, limit = params.get("p", "1"), params.get("product_list_limit", "")
        return Listing(
            path=path,
            terms=tuple((terms or {}).items()),
            natural_order=natural,
            page=int(page) if re.fullmatch(r"[1-9]\d{0,3}", page) else 1,
            order=order,
            descending=direction == "desc",
            limit=int(limit) if limit in {str(size) for size in LIMITS} else LIMITS[0],
            low=low,
            high=high,
            brand=params.get("brand", "")[:100],
            department=to_int(params.get("cat"), low=0, high=LARGEST_ID, default=0),
        )

    @property
    def query(self) -> str:
        return dict(self.terms).get("q", "")

    @property
    def orders(self) -> Mapping[str, str]:
        return {key: ORDERS[key] for key in (self.natural_order, "name", "price", "rating")}

    @property
    def limits(self) -> tuple[int, ...]:
        return LIMITS

    @property
    def price(self) -> str:
        return "" if self.low is None and self.high is None else f"{_dollars(self.low or 0)}-{_dollars(self.high)}"

    @property
    def kept_by_price_form(self) -> Mapping[str, str]:
        return {name: text for name, text in self._params().items() if name not in {"price", "p"}}

    def _params(self) -> dict[str, str]:
        """Everything that is not as it would be anyway."""
        direction = "desc" if self.descending else "asc"
        usual = "desc" if self.order == "rating" else "asc"
        values = {
            "product_list_order": self.order if self.order != self.natural_order else "",
            "product_list_dir": direction if direction != usual else "",
            "product_list_limit": str(self.limit) if self.limit != LIMITS[0] else "",
            "price": self.price,
            "brand": self.brand,
            "cat": str(self.department or ""),
            "p": str(self.page) if self.page != 1 else "",
        }
        return {**dict(self.terms), **{name: text for name, text in values.items() if text}}

    def url(self, **changes: object) -> str:
        """This listing's URL with changes; a change of anything but the page goes back to the first page."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        text = urlencode(changed._params())
        return f"{changed.path}?{text}" if text else changed.path

    def sorted_by(self, order: str) -> str:
        return self.url(order=order, descending=order == "rating")


@dataclass(frozen=True)
class Shown:
    """One page of a listing with the filters that are on offer for it."""

    products: Sequence[Row]
    total: int
    first: int
    pages: int
    price_ranges: Sequence[tuple[int, int, int]]
    brands: Sequence[tuple[str, int]]
    departments: Sequence[tuple[int, int]]


def show(rows: Sequence[Row], listing: Listing) -> Shown:
    """Filters, sorts and cuts; a page beyond the last one shows the last."""
    low, high = listing.low or 0, listing.high if listing.high is not None else 10**9
    by_price = [row for row in rows if low <= row["price"] < high]
    by_brand, by_department = _of_brand(rows, listing), _in_department(rows, listing)
    wanted = _of_brand(_in_department(by_price, listing), listing)
    if listing.order != listing.natural_order:
        wanted.sort(key=lambda row: (row[listing.order], row["name"]))
    if listing.descending:
        wanted.reverse()
    pages = max(1, -(-len(wanted) // listing.limit))
    first = (min(listing.page, pages) - 1) * listing.limit
    prices = [row["price"] for row in _in_department(by_brand, listing)]
    brands = Counter(row["brand"] for row in by_department if low <= row["price"] < high)
    departments = Counter(row["department"] for row in _of_brand(by_price, listing))
    return Shown(
        products=wanted[first : first + listing.limit],
        total=len(wanted),
        first=first,
        pages=pages,
        price_ranges=_price_ranges(prices) if not listing.price else (),
        brands=sorted(brands.items()) if not listing.brand else (),
        departments=sorted(departments.items()) if not listing.department else (),
    )


def _of_brand(rows: Sequence[Row], listing: Listing) -> list[Row]:
    return [row for row in rows if listing.brand in {"", row["brand"]}]


def _in_department(rows: Sequence[Row], listing: Listing) -> list[Row]:
    return [row for row in rows if listing.department in {0, row["department"]}]


def _price_ranges(prices: Sequence[int]) -> Sequence[tuple[int, int, int]]:
    """At most seven (low, high, count) in cents, with round bounds."""
    if not prices:
        return ()
    step = next((s for s in (500, 1_000, 2_500, 5_000, 10_000, 20_000) if max(prices) < 7 * s), 50_000)
    buckets = Counter(price // step for price in prices)
    return [(at * step, (at + 1) * step, count) for at, count in sorted(buckets.items())]


def price_range(text: str) -> tuple[int | None, int | None] | None:
    """Cents from "10-46.99", "-25" or "30-"; None where the text is no range."""
    matched = re.fullmatch(r"(\d{1,6}(?:\.\d{1,2})?)?-(\d{1,6}(?:\.\d{1,2})?)?", text)
    if not matched or text == "-":
        return None
    low, high = (round(float(side) * 100) if side else None for side in matched.groups())
    return low, high


def _dollars(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:.2f}".removesuffix(".00")

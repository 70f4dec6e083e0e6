"""Reading the catalogue: navigation, listings with filter, sorting and paging, search."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Row
from urllib.parse import urlencode

from webarena_runner.minisites._kit import Database

LIMITS = (12, 24, 36)
ORDERS = {
    "position": "Position",
    "relevance": "Relevance",
    "name": "Product Name",
    "price": "Price",
    "rating": "Rating",
}
CARD = "p.id, p.sku, p.slug, p.name, p.kind, p.brand, p.price, p.was_price, p.stock, p.colour, p.review_count, p.rating"
HAS_CHOICES = "exists (select 1 from choice where product = p.id) as has_choices"


def navigation(db: Database) -> Sequence[tuple[Row, Sequence[Row]]]:
    """Top categories, each with its sub-categories."""
    rows = db.all("select id, parent, path, name, tint, blurb from category order by id")
    return [(top, [row for row in rows if row["parent"] == top["id"]]) for top in rows if top["parent"] is None]


def cards(db: Database, where_and_order: str, *values: object) -> list[Row]:
    return db.all(f"select {CARD}, {HAS_CHOICES} from product p {where_and_order}", *values)


def in_category(db: Database, category: int) -> list[Row]:
    """Products of a category and of those below it, the most and best reviewed first."""
    inside = "p.shelf in (select id from category where id = ?1 or parent = ?1)"
    return cards(db, f"where {inside} order by p.review_count * p.rating desc, p.id", category)


def found(db: Database, query: str) -> tuple[list[Row], bool]:
    """Products with all words of the query, best first; with any of the words, and False, where none has all."""
    words = [f'"{word}"' for word in re.findall(r"\w+", query)[:20]]
    if not words:
        return [], True
    ranked = (
        "join product_search s on s.rowid = p.id where product_search match ?"
        " order by bm25(product_search, 10, 4, 5, 8, 2, 1), p.id"
    )
    hits = cards(db, ranked, " AND ".join(words))
    return (hits, True) if hits else (cards(db, ranked, " OR ".join(words)), False)


@dataclass(frozen=True)
class Listing:
    """What a listing URL asks for. Prices are cents, `high` is exclusive; None leaves a side open."""

    path: str
    query: str | None = None
    page: int = 1
    order: str = "position"
    descending: bool = False
    limit: int = LIMITS[0]
    low: int | None = None
    high: int | None = None
    brand: str = ""

    @staticmethod
    def parse(path: str, params: Mapping[str, str], *, query: str | None = None) -> "Listing":
        """From the query string; what cannot be read is ignored."""
        natural = "position" if query is None else "relevance"
        order = params.get("product_list_order", natural)
        order = order if order in ORDERS and order not in {"position", "relevance"} - {natural} else natural
        direction = params.get("product_list_dir", "desc" if order == "rating" else "asc")
        low, high = _price_range(params.get("price", ""))
        page, limit = params.get("p", "1"), params.get("product_list_limit", "")
        return Listing(
            path=path,
            query=query,
            page=int(page) if re.fullmatch(r"[1-9]\d{0,3}", page) else 1,
            order=order,
            descending=direction == "desc",
            limit=int(limit) if limit in {str(size) for size in LIMITS} else LIMITS[0],
            low=low,
            high=high,
            brand=params.get("brand", ""),
        )

    @property
    def natural_order(self) -> str:
        return "position" if self.query is None else "relevance"

    @property
    def orders(self) -> Mapping[str, str]:
        return {key: ORDERS[key] for key in (self.natural_order, "name", "price", "rating")}

    @property
    def price(self) -> str:
        return "" if self.low is None and self.high is None else f"{_dollars(self.low or 0)}-{_dollars(self.high)}"

    def url(self, **changes: object) -> str:
        """This listing's URL with changes; a change of anything but the page goes back to the first page."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        default_direction = changed.order == "rating"
        params = {
            "q": changed.query,
            "product_list_order": changed.order if changed.order != changed.natural_order else None,
            "product_list_dir": ("desc" if changed.descending else "asc")
            if changed.descending != default_direction
            else None,
            "product_list_limit": changed.limit if changed.limit != LIMITS[0] else None,
            "price": changed.price or None,
            "brand": changed.brand or None,
            "p": changed.page if changed.page != 1 else None,
        }
        text = urlencode({key: value for key, value in params.items() if value is not None})
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


def show(rows: Sequence[Row], listing: Listing) -> Shown:
    """Filters, sorts and cuts; a page beyond the last one shows the last."""
    of_brand = [row for row in rows if listing.brand in {"", row["brand"]}]
    low, high = listing.low or 0, listing.high if listing.high is not None else 10**9
    wanted = [row for row in of_brand if low <= row["price"] < high]
    if listing.order != listing.natural_order:
        wanted.sort(key=lambda row: (row[listing.order], row["name"]))
    if listing.descending:
        wanted.reverse()
    pages = max(1, -(-len(wanted) // listing.limit))
    first = (min(listing.page, pages) - 1) * listing.limit
    in_price = [row for row in rows if low <= row["price"] < high]
    return Shown(
        products=wanted[first : first + listing.limit],
        total=len(wanted),
        first=first,
        pages=pages,
        price_ranges=_price_ranges([row["price"] for row in of_brand]) if not listing.price else (),
        brands=sorted(Counter(row["brand"] for row in in_price).items()) if not listing.brand else (),
    )


def _price_ranges(prices: Sequence[int]) -> Sequence[tuple[int, int, int]]:
    """At most seven (low, high, count) in cents, with round bounds."""
    if not prices:
        return ()
    step = next((s for s in (500, 1_000, 2_500, 5_000, 10_000, 20_000) if max(prices) < 7 * s), 50_000)
    buckets = Counter(price // step for price in prices)
    return [(at * step, (at + 1) * step, count) for at, count in sorted(buckets.items())]


def _price_range(text: str) -> tuple[int | None, int | None]:
    matched = re.fullmatch(r"(\d{1,6}(?:\.\d{1,2})?)?-(\d{1,6}(?:\.\d{1,2})?)?", text)
    if not matched or text == "-":
        return None, None
    low, high = (round(float(side) * 100) if side else None for side in matched.groups())
    return low, high


def _dollars(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:.2f}".removesuffix(".00")

"""Listings of the storefront: which products a URL asks for, narrowed, sorted and cut into pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Row
from urllib.parse import urlencode

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import to_int
from webarena_mini.sites.admin.domain.money import money
from webarena_mini.sites.admin.domain.options import Attribute, options

LIMITS = (12, 24, 36)
ORDERS = {"position": "Position", "name": "Product Name", "price": "Price"}
_KEYS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "position": lambda card: (card["id"],),
    "name": lambda card: (card["name"].casefold(), card["id"]),
    "price": lambda card: (card["shown_price"], card["id"]),
}
IN_CATALOG, IN_SEARCH = "p.status = 1 and p.visibility in (2, 4)", "p.status = 1 and p.visibility in (3, 4)"
_ENABLED_VARIANT = "from product v where v.parent = p.id and v.status = 1"
# A configurable product costs what its cheapest variant costs, and is there when one of its variants is.
CARD = (
    f"select p.*, coalesce((select min(price) {_ENABLED_VARIANT}), p.price) as shown_price,"
    " p.is_in_stock and (p.type = 'simple'"
    f" or exists (select 1 {_ENABLED_VARIANT} and v.is_in_stock and v.qty > 0)) as is_available,"
    " (select count(*) from review where product = p.id and status_id = 1) as review_count,"
    " (select round(avg(stars) * 20) from review where product = p.id and status_id = 1) as rating from product p"
)
_BANDS = ((0, 25), (25, 50), (50, 75), (75, 100), (100, 0))
_BAND = re.compile(r"(\d{0,6})-(\d{0,6})")
Test = Callable[[Row], bool]


@dataclass(frozen=True)
class _Filter:
    """A filter of listings: its usual values with their texts, and which products a value keeps (None: no value)."""

    name: str
    title: str
    values: Mapping[str, str]
    keeps: Callable[[str], Test | None]

    def text(self, value: str) -> str:
        return self.values.get(value) or _band_text(*_band(value))


@dataclass(frozen=True)
class Choice:
    """One choice of a filter: its text, how many products are left with it, and the URL that makes it."""

    text: str
    count: int
    url: str


@dataclass(frozen=True)
class Narrowing:
    """A filter that is on, as it is shown, and the URL without it."""

    title: str
    text: str
    without: str


@dataclass(frozen=True)
class Listing:
    """One page of a listing and the controls around it."""

    path: str
    params: Mapping[str, str]
    cards: Sequence[Row]
    total: int
    page: int
    pages: int
    limit: int
    order: str
    descending: bool
    facets: Mapping[str, Sequence[Choice]]
    active: Sequence[Narrowing]

    @property
    def first(self) -> int:
        return (self.page - 1) * self.limit + 1

    def url(self, **changes: object) -> str:
        return _url(self.path, self.params, **changes)


def listing(db: Database, path: str, params: Mapping[str, str], where: str, *values: object) -> Listing:
    """`where` is SQL of ours over product p; the filters of the URL narrow it further."""
    found = db.all(f"{CARD} where {where} order by p.id", *values)
    active: list[Narrowing] = []
    offered = []
    for narrowing in _filters(db):
        value = params.get(narrowing.name, "")
        test = narrowing.keeps(value)
        if test is None:
            offered.append(narrowing)
            continue
        found = [card for card in found if test(card)]
        without = _url(path, params, **{narrowing.name: ""})
        active.append(Narrowing(narrowing.title, narrowing.text(value), without))
    facets = {narrowing.title: _choices(narrowing, path, params, found) for narrowing in offered}
    order = params.get("product_list_order", "")
    order = order if order in _KEYS else "position"
    descending = params.get("product_list_dir") == "desc"
    asked = params.get("product_list_limit", "")
    limit = int(asked) if asked in {str(size) for size in LIMITS} else LIMITS[0]
    pages = max(1, -(-len(found) // limit))
    page = to_int(params.get("p"), low=1, high=pages, default=1)
    cards = sorted(found, key=_KEYS[order], reverse=descending)[(page - 1) * limit : page * limit]
    shown = {title: choices for title, choices in facets.items() if choices}
    return Listing(path, params, cards, len(found), page, pages, limit, order, descending, shown, active)


def best_sellers(db: Database, count: int) -> list[Row]:
    sold = "(select sum(i.qty) from order_item i join product s on s.id = i.product where p.id in (s.id, s.parent))"
    return db.all(f"{CARD} where {IN_CATALOG} order by {sold} desc, p.id limit ?", count)


def _url(path: str, params: Mapping[str, str], **changes: object) -> str:
    """A listing's URL with changes; None or "" drops one, and all but a change of page go back to the first page."""
    merged = {**params, **({} if "p" in changes else {"p": ""}), **changes}
    text = urlencode({key: value for key, value in merged.items() if value not in (None, "")})
    return f"{path}?{text}" if text else path


def _choices(narrowing: _Filter, path: str, params: Mapping[str, str], found: Sequence[Row]) -> list[Choice]:
    """The filter's values that some of the products have."""
    choices = []
    for value, text in narrowing.values.items():
        test = narrowing.keeps(value)
        if test is not None and (count := sum(map(test, found))):
            choices.append(Choice(text, count, _url(path, params, **{narrowing.name: value})))
    return choices


def _filters(db: Database) -> tuple[_Filter, ...]:
    return (
        _Filter("price", "Price", {f"{low or ''}-{high or ''}": _band_text(low, high) for low, high in _BANDS}, _costs),
        _attribute_filter(db, "color"),
        _attribute_filter(db, "size"),
        _flag_filter("is_new", "New", "New arrivals"),
        _flag_filter("sale", "Sale", "On sale"),
    )


def _attribute_filter(db: Database, attribute: Attribute) -> _Filter:
    """By what a product, or one of its variants, has."""
    rows = db.all(
        f"select {attribute} as option, coalesce(parent, id) as id from product"
        f" where {attribute} is not null and status = 1"
    )
    holders: dict[str, set[int]] = {}
    for row in rows:
        holders.setdefault(str(row["option"]), set()).add(row["id"])
    values = {str(key): text for key, text in options(db, attribute).items()}

    def keeps(value: str) -> Test | None:
        return (lambda card: card["id"] in holders.get(value, ())) if value in values else None

    return _Filter(attribute, attribute.title(), values, keeps)


def _flag_filter(name: str, title: str, text: str) -> _Filter:
    return _Filter(name, title, {"1": text}, lambda value: (lambda card: card[name] == 1) if value == "1" else None)


def _costs(value: str) -> Test | None:
    low, high = _band(value)
    if low == high == 0:
        return None
    return lambda card: low * 100 <= card["shown_price"] and (not high or card["shown_price"] < high * 100)


def _band(text: str) -> tuple[int, int]:
    """Dollars of "20-30", "100-" or "-25"; an open end is 0."""
    match = _BAND.fullmatch(text)
    return (int(match[1] or 0), int(match[2] or 0)) if match else (0, 0)


def _band_text(low: int, high: int) -> str:
    return f"{money(low * 100)} - {money(high * 100 - 1)}" if high else f"{money(low * 100)} and above"

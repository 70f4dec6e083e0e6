"""The store's written content: what it sells, how that is worded and drawn, its own pages, its lists of choices."""

import functools
from collections.abc import Mapping

import msgspec

from webarena_mini.kit.records import Record, read_record, read_yaml
from webarena_mini.sites.admin import FOLDER

COLOURS = {
    49: "Black", 50: "Blue", 51: "Brown", 52: "Gray", 53: "Green", 54: "Lavender", 56: "Orange", 57: "Purple",
    58: "Red", 59: "White", 60: "Yellow",
}  # fmt: skip
SIZES = {
    166: "XS", 167: "S", 168: "M", 169: "L", 170: "XL", 180: "XXL", 181: "XXXL", 171: "28", 172: "29", 173: "30",
    174: "31", 175: "32", 176: "33", 177: "34", 178: "36", 179: "38",
}  # fmt: skip
ATTRIBUTE_SETS = {4: "Default", 9: "Top", 10: "Bottom", 11: "Gear", 15: "Bag"}
STATUSES = {1: "Enabled", 2: "Disabled"}
VISIBILITIES = {1: "Not Visible Individually", 2: "Catalog", 3: "Search", 4: "Catalog, Search"}
TAX_CLASSES = {0: "None", 2: "Taxable Goods"}
ORDER_STATUSES = {
    "pending": "Pending", "processing": "Processing", "complete": "Complete", "closed": "Closed",
    "canceled": "Canceled", "holded": "On Hold", "fraud": "Suspected Fraud",
}  # fmt: skip
GROUPS = {0: "NOT LOGGED IN", 1: "General", 2: "Wholesale", 3: "Retailer"}
REVIEW_STATUSES = {1: "Approved", 2: "Pending", 3: "Not Approved"}
CARRIERS = {
    "custom": "Custom Value", "dhl": "DHL", "fedex": "Federal Express", "ups": "United Parcel Service",
    "usps": "United States Postal Service",
}  # fmt: skip
RULE_ACTIONS = {
    "by_percent": "Percent of product price discount",
    "by_fixed": "Fixed amount discount",
    "cart_fixed": "Fixed amount discount for whole cart",
    "buy_x_get_y": "Buy X get Y free (discount amount is Y)",
}
WEBSITES = {1: "Main Website"}
SHIPPING_METHODS = {"standard": "Standard Delivery", "next_day": "Next-Day Delivery"}
PAYMENT_METHODS = ("Check / Money order", "Bank Transfer Payment", "Cash On Delivery", "Credit Card")


class Kind(Record, frozen=True):
    """How products of one kind are described and reviewed; `pitch` may hold {name}."""

    attribute_set: str = msgspec.field(name="set")
    pitch: tuple[str, str, str]
    praise: tuple[str, ...]
    gripe: tuple[str, ...]


class Words(Record, frozen=True):
    """Wording of the seeded reviews, notes, people and searches; tax rates are in hundredths of a percent."""

    kinds: dict[str, Kind]
    openers: dict[int, tuple[str, ...]]
    titles: dict[int, tuple[str, ...]]
    closers: dict[int, tuple[str, ...]]
    but: tuple[str, ...]
    yet: tuple[str, ...]
    notes: dict[str, tuple[str, ...]]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    mail_hosts: tuple[str, ...]
    cities: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]
    search_terms: dict[str, int]
    tax_rates: dict[str, int]


class Shelf(Record, frozen=True):
    path: str
    name: str
    blurb: str


class Assortment(Record, frozen=True):
    """What is sold; products are (name, SKU or its stem, kind, shelf, dollars, colour or colours and sizes)."""

    categories: tuple[Shelf, ...]
    configurables: tuple[tuple[str, str, str, str, int, tuple[str, ...], tuple[str, ...]], ...]
    simples: tuple[tuple[str, str, str, str, int, str], ...]


@functools.cache
def words() -> Words:
    return read_record(FOLDER / "data" / "words.yaml", Words)


@functools.cache
def assortment() -> Assortment:
    return read_record(FOLDER / "data" / "catalogue.yaml", Assortment)


@functools.cache
def store_pages() -> tuple[tuple[str, str, str, str], ...]:
    """Identifier, title, heading and text of the store's own pages."""
    return tuple((page[0], page[1], page[2], page[3]) for page in read_yaml(FOLDER / "data" / "pages.yaml"))


@functools.cache
def pictures() -> Mapping[str, Mapping[str, str]]:
    """`tones` (colour name to hex) and `shapes` (kind to SVG with $a, $b and $c for the tones)."""
    loaded: Mapping[str, Mapping[str, str]] = read_yaml(FOLDER / "data" / "pictures.yaml")
    return loaded

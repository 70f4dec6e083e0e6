"""Writing products: new ones, changes, variants of configurable ones."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain.money import decimal
from webarena_mini.sites.admin.domain.options import options

QTY = "product[quantity_and_stock_status][qty]"
IN_STOCK = "product[quantity_and_stock_status][is_in_stock]"
RELATED = "links[related][]"
_WEIGHT = re.compile(r"(\d{1,5}(\.\d{1,4})?)?")
_URL_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,199}")
_REQUIRED = "This is a required field."
ENABLED, DISABLED = 1, 2
# What a new product looks like, by its attribute set.
_PICTURES = {10: "pant", 11: "bottle", 15: "bag"}


@dataclass
class ProductForm:
    """What the form says: column values, the ids of categories and related products, messages by field name."""

    columns: dict[str, object]
    categories: list[int]
    related: list[int]
    new_related: str
    errors: dict[str, str] = field(default_factory=dict)


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "product"


def free_slug(db: Database, text: str) -> str:
    """A slug that no page of the store has yet."""
    wanted = slug(text)
    while _is_taken(db, wanted, None):
        wanted += "-1"
    return wanted


def _is_taken(db: Database, wanted: object, number: int | None) -> bool:
    query = "select 1 from product where slug = ?1 and id is not ?2 union select 1 from category where path = ?1"
    return db.one(query, wanted, number) is not None


def find_errors(db: Database, form: ProductForm, number: int | None) -> dict[str, str]:
    """Looks up the related products that are named by SKU, too."""
    columns, errors = form.columns, {}
    if not columns["name"]:
        errors["name"] = _REQUIRED
    if columns["price"] is None:
        errors["price"] = "Please enter a number 0 or greater in this field."
    if columns["qty"] is None:
        errors["qty"] = "Please enter a valid number in this field."
    if not _WEIGHT.fullmatch(str(columns["weight"])):
        errors["weight"] = "Please enter a valid number in this field."
    if db.one("select 1 from product where sku = ? and id is not ?", columns["sku"], number):
        errors["sku"] = "The value of attribute “SKU” must be unique."
    if columns["slug"] and not _URL_KEY.fullmatch(str(columns["slug"])):
        errors["url_key"] = "Use small letters, digits and hyphens."
    elif _is_taken(db, columns["slug"], number):
        errors["url_key"] = "The value specified in the URL Key field would generate a URL that already exists."
    for sku in filter(None, (part.strip() for part in form.new_related.split(","))):
        found = db.value("select id from product where sku = ? and id is not ? and parent is null", sku, number)
        if found is None:
            errors["related"] = f"No other product has the SKU {sku[:64]}."
        else:
            form.related.append(found)
    return errors


def create(db: Database, form: ProductForm, at: str, *, kind: str) -> int:
    columns = {"picture": _PICTURES.get(int(str(form.columns["attribute_set"])), "tee"), **form.columns}
    columns["slug"] = columns["slug"] or free_slug(db, str(columns["name"]))
    tone = options(db, "color").get(int(str(columns["color"] or 0)), "Gray")
    number = db.insert("product", **columns, type=kind, tone=tone, created_at=at, updated_at=at)
    _arrange(db, number, form)
    return number


def change(db: Database, product: Row, form: ProductForm, at: str) -> None:
    """The picture takes on a new colour; without a URL key the product keeps the one that it has."""
    number, columns = product["id"], {**form.columns, "updated_at": at}
    columns["slug"] = columns["slug"] or product["slug"]
    if columns["color"] is not None and columns["color"] != product["color"]:
        columns["tone"] = options(db, "color")[int(str(columns["color"]))]
    changes = ", ".join(f"{name} = ?" for name in columns)
    db.run(f"update product set {changes} where id = ?", *columns.values(), number)
    _arrange(db, number, form)


def _arrange(db: Database, number: int, form: ProductForm) -> None:
    """Puts the product into its categories, beside its related products, and into the store's search."""
    for table in ("product_category", "product_link"):
        db.run(f"delete from {table} where product = ?", number)
    put_into(db, number, form.categories)
    for related in dict.fromkeys(form.related):
        db.run("insert into product_link select ?, id from product where id = ? and id != ?1", number, related)
    index(db, number)


def put_into(db: Database, product: int, categories: Iterable[int]) -> None:
    for category in dict.fromkeys(categories):
        db.run("insert into product_category select ?, id from category where id = ?", product, category)


def index(db: Database, number: int) -> None:
    """Brings the store's search up to date."""
    db.run("delete from product_search where rowid = ?", number)
    db.run(
        "insert into product_search (rowid, name, sku, description)"
        " select id, name, sku, short_description || ' ' || description from product where id = ?",
        number,
    )


def delete(db: Database, number: int) -> None:
    """With its variants, reviews and views; orders keep what they say about it."""
    for variant in db.all("select id from product where parent = ?", number):
        delete(db, variant["id"])
    for table in ("review", "product_view", "product_category", "product_link"):
        db.run(f"delete from {table} where product = ?", number)
    db.run("delete from product_link where related = ?", number)
    db.run("delete from product_search where rowid = ?", number)
    db.run("delete from product where id = ?", number)


def shown_price(value: object) -> str:
    """A price column as the form shows it; "" where the form's own text could not be read."""
    return decimal(value) if isinstance(value, int) else ""

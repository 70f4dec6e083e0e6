"""Reading product forms and writing products: new ones, changes, variants of configurable ones."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sqlite3 import Row

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.admin.content import ATTRIBUTE_SETS, COLOURS, SIZES, TAX_CLASSES, VISIBILITIES
from webarena_runner.minisites.admin.money import decimal, parse_money
from webarena_runner.minisites.admin.visit import Visit

QTY = "product[quantity_and_stock_status][qty]"
IN_STOCK = "product[quantity_and_stock_status][is_in_stock]"
_WHOLE = re.compile(r"\d{1,6}(\.0+)?")
_ONLY_AS_VARIANT, _ENABLED, _DISABLED = 1, 1, 2


@dataclass
class ProductForm:
    """What the form says: column values, the category ids, and messages by field name."""

    columns: dict[str, object]
    categories: list[int]
    errors: dict[str, str] = field(default_factory=dict)


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "product"


def read_form(visit: Visit, *, number: int | None) -> ProductForm:
    """`number` is the product that is being changed, None for a new one."""

    def text(name: str) -> str:
        return visit.field(f"product[{name}]")

    name, sku = text("name")[:200], text("sku")[:64]
    sku = sku or name[:64]
    price, qty = parse_money(text("price")), visit.field(QTY) or "0"
    form = ProductForm(
        columns={
            "name": name,
            "sku": sku,
            "price": price,
            "qty": int(float(qty)) if _WHOLE.fullmatch(qty) else None,
            "is_in_stock": int(visit.field(IN_STOCK) != "0"),
            "status": _ENABLED if "product[status]" in visit.form else _DISABLED,
            "visibility": _choice(text("visibility"), VISIBILITIES, 4),
            "tax_class": _choice(text("tax_class_id"), TAX_CLASSES, 2),
            "attribute_set": _choice(text("attribute_set_id"), ATTRIBUTE_SETS, 4),
            "color": _choice(text("color"), COLOURS, None),
            "size": _choice(text("size"), SIZES, None),
            "weight": text("weight")[:12],
            "sale": int("product[sale]" in visit.form),
            "is_new": int("product[is_new]" in visit.form),
            "description": text("description"),
            "short_description": text("short_description"),
        },
        categories=[int(value) for value in visit.fields("product[category_ids][]") if value.isdecimal()],
    )
    form.errors = _errors(visit.db, form.columns, number)
    return form


def _errors(db: Database, columns: Mapping[str, object], number: int | None) -> dict[str, str]:
    errors = {}
    if not columns["name"]:
        errors["name"] = "This is a required field."
    if columns["price"] is None:
        errors["price"] = "Please enter a number 0 or greater in this field."
    if columns["qty"] is None:
        errors["qty"] = "Please enter a valid number in this field."
    if db.one("select 1 from product where sku = ? and id is not ?", columns["sku"], number):
        errors["sku"] = "The value of attribute “SKU” must be unique."
    return errors


def _choice(text: str, choices: Mapping[int, str], default: int | None) -> int | None:
    return int(text) if text.isdecimal() and int(text) in choices else default


def create(db: Database, form: ProductForm, at: str, *, kind: str) -> int:
    columns = dict(form.columns)
    taken = slug(str(columns["name"]))
    while db.one("select 1 from product where slug = ?", taken):
        taken += "-1"
    tone = COLOURS.get(int(str(columns["color"] or 52)), "Gray")
    picture = {10: "pant", 11: "bottle", 15: "bag"}.get(int(str(columns["attribute_set"])), "tee")
    made = {"slug": taken, "type": kind, "tone": tone, "picture": picture, "created_at": at, "updated_at": at}
    number = db.insert("product", **columns, **made)
    _put_into(db, number, form.categories)
    index(db, number)
    return number


def change(db: Database, number: int, form: ProductForm, at: str) -> None:
    columns = {**form.columns, "updated_at": at}
    changes = ", ".join(f"{name} = ?" for name in columns)
    db.run(f"update product set {changes} where id = ?", *columns.values(), number)
    db.run("delete from product_category where product = ?", number)
    _put_into(db, number, form.categories)
    index(db, number)


def _put_into(db: Database, product: int, categories: Iterable[int]) -> None:
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
    for table in ("review", "product_view", "product_category"):
        db.run(f"delete from {table} where product = ?", number)
    db.run("delete from product_search where rowid = ?", number)
    db.run("delete from product where id = ?", number)


def add_variants(
    db: Database, parent: Row, sizes: Iterable[int], colours: Iterable[int], *, price: int, qty: int, at: str
) -> int:
    """Makes the combinations that the product does not have yet, and returns how many those are."""
    shelves = [
        row["category"] for row in db.all("select category from product_category where product = ?", parent["id"])
    ]
    copied = ("attribute_set", "tax_class", "weight", "picture")
    made = 0
    colours = list(colours)
    for size in sizes:
        for colour in colours:
            name = f"{parent['name']}-{SIZES[size]}-{COLOURS[colour]}"
            sku = f"{parent['sku']}-{SIZES[size]}-{COLOURS[colour]}"
            own = "select 1 from product where sku = ? or (parent = ? and size = ? and color = ?)"
            if db.one(own, sku, parent["id"], size, colour):
                continue
            number = db.insert(
                "product",
                name=name,
                sku=sku,
                slug=f"{slug(name)}-{parent['id']}",
                type="simple",
                parent=parent["id"],
                price=price,
                qty=qty,
                is_in_stock=int(qty > 0),
                visibility=_ONLY_AS_VARIANT,
                size=size,
                color=colour,
                tone=COLOURS[colour],
                created_at=at,
                updated_at=at,
                **{column: parent[column] for column in copied},
            )
            _put_into(db, number, shelves)
            index(db, number)
            made += 1
    return made


def shown_price(value: object) -> str:
    """A price column as the form shows it; "" where the form's own text could not be read."""
    return decimal(value) if isinstance(value, int) else ""

"""Carts: lines of a product with its choices, owned by a customer or by a guest's session."""

from collections import Counter
from collections.abc import Mapping, Sequence
from sqlite3 import Row

from webarena_mini.kit.database import Database

MOST_PER_LINE = 999


class CartError(Exception):
    """A line that cannot be put into the cart; the text is for the customer."""


class ChoiceMissing(CartError):
    """The product must be configured on its own page first."""


def items(db: Database, owner: str) -> Sequence[Row]:
    return db.all(
        "select i.id, i.product, i.choices, i.qty, p.sku, p.slug, p.name, p.kind, p.price, p.stock, p.colour"
        " from cart_item i join product p on p.id = i.product where i.owner = ? order by i.id",
        owner,
    )


def choice_text(db: Database, product: int, chosen: Mapping[str, str]) -> str:
    """The chosen values as "Size: M, Color: Red"; raises ChoiceMissing unless each label has one of its values."""
    offered: dict[str, list[str]] = {}
    for row in db.all("select label, value from choice where product = ? order by label, position", product):
        offered.setdefault(row["label"], []).append(row["value"])
    if any(chosen.get(label) not in values for label, values in offered.items()):
        raise ChoiceMissing(f"Please choose: {', '.join(offered)}.")
    return ", ".join(f"{label}: {chosen[label]}" for label in offered)


def add(db: Database, owner: str, product: Row, qty: int, choices: str) -> None:
    """Adds to an equal line or makes one. Raises CartError where there is too little in stock."""
    in_cart = db.value(
        "select coalesce(sum(qty), 0) from cart_item where owner = ? and product = ?", owner, product["id"]
    )
    if product["stock"] == 0:
        raise CartError(f"{product['name']} is out of stock.")
    if qty < 1 or in_cart + qty > min(product["stock"], MOST_PER_LINE):
        raise CartError(f"The requested quantity of {product['name']} is not available: {product['stock']} in stock.")
    db.run(
        "insert into cart_item (owner, product, choices, qty) values (?, ?, ?, ?)"
        " on conflict (owner, product, choices) do update set qty = qty + excluded.qty",
        owner,
        product["id"],
        choices,
        qty,
    )


def set_quantity(db: Database, owner: str, line: int, qty: int) -> None:
    """Changes a line of the owner; 0 removes it. Raises CartError where there is too little in stock."""
    if qty <= 0:
        db.run("delete from cart_item where id = ? and owner = ?", line, owner)
        return
    row = db.one(
        "select p.name, p.stock, (select coalesce(sum(qty), 0) from cart_item where owner = i.owner"
        " and product = i.product and id != i.id) as in_other_lines"
        " from cart_item i join product p on p.id = i.product where i.id = ? and i.owner = ?",
        line,
        owner,
    )
    if row is None:
        return
    if row["in_other_lines"] + qty > min(row["stock"], MOST_PER_LINE):
        raise CartError(f"The requested quantity of {row['name']} is not available: {row['stock']} in stock.")
    db.run("update cart_item set qty = ? where id = ? and owner = ?", qty, line, owner)


def unavailable(lines: Sequence[Row]) -> list[str]:
    """Names of the products of which all lines together ask for more than there is."""
    wanted = Counter[int]()
    for line in lines:
        wanted[line["product"]] += line["qty"]
    return sorted({line["name"] for line in lines if wanted[line["product"]] > line["stock"]})


def merge(db: Database, source: str, target: str) -> None:
    db.run(
        "insert into cart_item (owner, product, choices, qty) select ?, product, choices, qty from cart_item"
        " where owner = ? on conflict (owner, product, choices) do update set qty = qty + excluded.qty",
        target,
        source,
    )
    clear(db, source)


def clear(db: Database, owner: str) -> None:
    db.run("delete from cart_item where owner = ?", owner)

"""Wish lists: products with a quantity and a note, one list a customer."""

from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.shop.domain import orders
from webarena_mini.sites.shop.domain.catalogue import CARD

LONGEST_NOTE = 500


def rows(db: Database, customer: int | None) -> list[Row]:
    """The products wished for with `wish` (the entry's id), `qty` and `note`, the latest first."""
    return db.all(
        f"select {CARD}, w.id as wish, w.qty, w.note from product p join wish w on w.product = p.id"
        " where w.customer = ? order by w.added_at desc, w.id desc",
        customer,
    )


def add(db: Database, customer: int | None, product: int) -> None:
    db.run(
        "insert or ignore into wish (customer, product, added_at) values (?, ?, ?)", customer, product, orders.tick(db)
    )


def change(db: Database, customer: int | None, wish: int, *, qty: int, note: str) -> None:
    values = (qty, note[:LONGEST_NOTE], wish, customer)
    db.run("update wish set qty = ?, note = ? where id = ? and customer = ?", *values)


def remove(db: Database, customer: int | None, product: int) -> None:
    db.run("delete from wish where customer = ? and product = ?", customer, product)

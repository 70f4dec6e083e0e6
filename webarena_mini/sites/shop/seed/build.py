"""The seeded database of a new shop, the same bytes on every machine with the same SQLite."""

import sqlite3

from webarena_mini.kit.database import build_snapshot
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.seed.customers import fill_customers, fill_official_extras
from webarena_mini.sites.shop.seed.orders import fill_orders
from webarena_mini.sites.shop.seed.products import fill_catalogue

# Later than everything seeded; every order, review or message moves it on by a minute.
CLOCK_START = "2023-06-15 10:00:00"


def fill(db: sqlite3.Connection) -> None:
    fill_catalogue(db)
    fill_customers(db)
    fill_orders(db)
    fill_official_extras(db)
    db.execute("insert into clock values (?)", (CLOCK_START,))
    db.execute(
        "update product set review_count = (select count(*) from review where product = product.id),"
        " rating = coalesce((select round(avg(stars) * 20) from review where product = product.id), 0)"
    )


def build() -> bytes:
    return build_snapshot((FOLDER / "schema.sql").read_text(encoding="utf-8"), fill)

"""The seeded database of a new shop, the same bytes on every machine with the same SQLite."""

import functools
import sqlite3
from pathlib import Path

from webarena_mini.kit.database import build_snapshot
from webarena_mini.shop.seed_customers import fill_customers, fill_official_extras
from webarena_mini.shop.seed_orders import fill_orders
from webarena_mini.shop.seed_products import fill_catalogue

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


@functools.cache
def snapshot() -> bytes:
    return build_snapshot((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"), fill)

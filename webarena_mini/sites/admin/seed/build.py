"""From the written content to a database, the same bytes on every machine with the same SQLite."""

import sqlite3

from webarena_mini.kit.database import build_snapshot
from webarena_mini.sites.admin import FOLDER
from webarena_mini.sites.admin.seed.calendar import CLOCK_START
from webarena_mini.sites.admin.seed.opinions import fill_opinions
from webarena_mini.sites.admin.seed.orders import fill_orders
from webarena_mini.sites.admin.seed.people import fill_people
from webarena_mini.sites.admin.seed.products import fill_products
from webarena_mini.sites.admin.seed.shopfront import fill_shopfront


def fill(db: sqlite3.Connection) -> None:
    db.row_factory = sqlite3.Row
    db.execute("insert into clock values (?)", (CLOCK_START,))
    fill_shopfront(db)
    fill_products(db)
    fill_people(db)
    fill_orders(db)
    fill_opinions(db)


def build() -> bytes:
    schema = (FOLDER / "schema.sql").read_text("utf-8")
    return build_snapshot(schema, fill)

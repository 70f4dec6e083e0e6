"""Fills the order histories of all customers."""

import random
import sqlite3
from datetime import datetime

from webarena_mini.kit.addresses import ADDRESS_FIELDS
from webarena_mini.kit.database import insert
from webarena_mini.sites.shop.domain.customers import address_text
from webarena_mini.sites.shop.domain.orders import EXPRESS, PAYMENTS, STANDARD, shipping_price
from webarena_mini.sites.shop.seed.customers import OFFICIAL_ID, OTHER_CUSTOMERS
from webarena_mini.sites.shop.seed.products import SEED, moment_between, stamp

# Three digits from the first order on, so that no order's address is the beginning of another's.
FIRST_ORDER_ID = 101
FIRST_ORDER, LAST_ORDER = datetime.fromisoformat("2022-01-08 08:00:00"), datetime.fromisoformat("2023-06-09 20:00:00")
OTHER_ORDERS = 130
OTHER_STATUSES = ("Complete", "Complete", "Complete", "Canceled", "Processing", "Pending")
# No order stays open for longer than a few weeks.
OPEN_STATUSES, OPEN_SINCE = ("Processing", "Pending"), datetime.fromisoformat("2023-05-10 00:00:00")
# How the official account's orders ended, oldest first; it has none that is on hold.
OFFICIAL_STATUSES = (
    ["Complete"] * 6 + ["Canceled"] + ["Complete"] * 8 + ["Canceled"] + ["Complete"] * 5 + ["Closed"]
    + ["Complete"] * 6 + ["Canceled"] + ["Complete"] * 4 + ["Processing", "Canceled", "Complete", "Pending", "Pending"]
)  # fmt: skip


def fill_orders(db: sqlite3.Connection) -> None:
    rng = random.Random(f"{SEED}:orders")
    others = [
        (OFFICIAL_ID + 1 + rng.randrange(OTHER_CUSTOMERS), rng.choice(OTHER_STATUSES)) for _ in range(OTHER_ORDERS)
    ]
    total = OTHER_ORDERS + len(OFFICIAL_STATUSES)
    moments = sorted(moment_between(rng, FIRST_ORDER, LAST_ORDER) for _ in range(total))
    official = dict(zip(sorted(rng.sample(range(total), len(OFFICIAL_STATUSES))), OFFICIAL_STATUSES, strict=True))
    for slot, moment in enumerate(moments):
        customer, status = (OFFICIAL_ID, official[slot]) if slot in official else others.pop()
        if status in OPEN_STATUSES and moment < OPEN_SINCE:
            status = "Complete"
        _write_order(db, rng, FIRST_ORDER_ID + slot, customer=customer, status=status, moment=moment)


def _write_order(
    db: sqlite3.Connection, rng: random.Random, order: int, *, customer: int, status: str, moment: datetime
) -> None:
    on_sale = db.execute(
        "select id, sku, name, price from product where created_at < ? order by id", (stamp(moment),)
    ).fetchall()
    chosen = rng.sample(on_sale, min(len(on_sale), rng.choice((1, 1, 2, 2, 3, 4))))
    items = [(product, rng.choice((1, 1, 1, 1, 2, 3))) for product in chosen]
    subtotal = sum(product[3] * qty for product, qty in items)
    method = rng.choice((STANDARD, STANDARD, STANDARD, EXPRESS))
    shipping = shipping_price(method, subtotal)
    email, ship_to, *fields = db.execute(
        f"select c.email, c.first_name || ' ' || c.last_name, {', '.join('a.' + name for name in ADDRESS_FIELDS)}"
        " from customer c join address a on a.id = c.shipping_address where c.id = ?",
        (customer,),
    ).fetchone()
    address = address_text(dict(zip(ADDRESS_FIELDS, fields, strict=True)))
    insert(
        db,
        "sales_order",
        id=order,
        increment_id=f"{order:09}",
        customer=customer,
        email=email,
        created_at=stamp(moment),
        status=status,
        subtotal=subtotal,
        shipping=shipping,
        total=subtotal + shipping,
        shipping_method=method,
        payment_method=rng.choice(PAYMENTS),
        shipping_address=address,
        billing_address=address,
        ship_to=ship_to,
    )
    for (product, sku, name, price), qty in items:
        choices = _random_choices(db, rng, product)
        item = {"sku": sku, "name": name, "choices": choices, "qty": qty, "price": price}
        insert(db, "order_item", sales_order=order, product=product, **item)


def _random_choices(db: sqlite3.Connection, rng: random.Random, product: int) -> str:
    offered: dict[str, list[str]] = {}
    query = "select label, value from choice where product = ? order by label, position"
    for label, value in db.execute(query, (product,)):
        offered.setdefault(label, []).append(value)
    return ", ".join(f"{label}: {rng.choice(values)}" for label, values in offered.items())

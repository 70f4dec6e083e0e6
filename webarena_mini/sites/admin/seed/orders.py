"""Fills orders with their addresses, items, notes, invoices, shipments and refunds."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from webarena_mini.kit.database import insert
from webarena_mini.sites.admin.domain.content import CARRIERS, PAYMENT_METHODS, words
from webarena_mini.sites.admin.domain.money import delivery_price, tax
from webarena_mini.sites.admin.seed.calendar import FIRST_ORDER, LAST_ORDER, SEED, stamp
from webarena_mini.sites.admin.seed.people import made_up_address

# Three digits from the first order on, so that no order's address is the beginning of another's.
FIRST_ORDER_ID, ORDERS = 101, 300
_RECENT = timedelta(days=24)
_OLD_STATUSES = ("complete",) * 33 + ("canceled",) * 5 + ("closed",) * 3
_NEW_STATUSES = ("pending",) * 5 + ("processing",) * 4 + ("complete", "canceled", "holded", "fraud")
_ADDRESS = "first_name, last_name, company, street, street2, city, region, postcode, country, phone"
_COUPONS = (("", 0), ("", 0), ("", 0), ("", 0), ("", 0), ("TRAIL15", 15), ("WELCOME10", 10), ("STUDENT15", 15))


@dataclass(frozen=True)
class _Buyer:
    customer: int | None
    name: str
    email: str
    group: int
    address: Mapping[str, Any]


def fill_orders(db: sqlite3.Connection) -> None:
    random = Random(f"{SEED}:orders")
    # Business grows: the later, the more orders.
    span = LAST_ORDER - FIRST_ORDER
    moments = sorted(LAST_ORDER - span * random.random() ** 1.35 for _ in range(ORDERS))
    # Popularity differs from product to product, so that best sellers stand out.
    on_sale = db.execute("select * from product where type = 'simple' order by id").fetchall()
    appeal = [random.paretovariate(1.9) for _ in on_sale]
    for number, moment in enumerate(moments, start=FIRST_ORDER_ID):
        is_recent = LAST_ORDER - moment < _RECENT
        status = random.choice(_NEW_STATUSES if is_recent else _OLD_STATUSES)
        buyer = _buyer(db, random, moment)
        wanted = dict.fromkeys(random.choices(on_sale, appeal, k=random.choice((1, 1, 2, 2, 3, 4))))
        items = [(product, random.choice((1, 1, 1, 1, 2, 2, 3))) for product in wanted]
        _write_order(db, random, number, buyer, items, status, moment)


def _buyer(db: sqlite3.Connection, random: Random, moment: datetime) -> _Buyer:
    """A customer who had joined by then; one order in twelve is a guest's."""
    if random.random() < 1 / 12:
        first, last = random.choice(words().first_names), random.choice(words().last_names)
        address = made_up_address(random, first, last, at_work=False)
        email = f"{first[0]}{last}{random.randint(1, 99)}@{random.choice(words().mail_hosts)}".lower()
        return _Buyer(None, f"{first} {last}", email, 0, address)
    joined = db.execute("select * from customer where created_at < ? order by id", (stamp(moment),)).fetchall()
    # The lower half of the list are the regulars.
    customer = joined[int(random.random() ** 1.3 * len(joined))]
    query = f"select {_ADDRESS} from address where customer = ? order by id limit 1"
    address = dict(db.execute(query, (customer["id"],)).fetchone())
    name = f"{customer['first_name']} {customer['last_name']}"
    return _Buyer(customer["id"], name, customer["email"], customer["group_id"], address)


def _write_order(
    db: sqlite3.Connection,
    random: Random,
    number: int,
    buyer: _Buyer,
    items: list[tuple[sqlite3.Row, int]],
    status: str,
    moment: datetime,
) -> None:
    subtotal = sum(product["price"] * qty for product, qty in items)
    method = random.choice(("Standard Delivery", "Standard Delivery", "Standard Delivery", "Next-Day Delivery"))
    coupon, percent = random.choice(_COUPONS)
    discount = round(subtotal * percent / 100)
    shipping = delivery_price(method, subtotal - discount)
    taxed = tax(buyer.address["region"], subtotal - discount)
    total = subtotal - discount + shipping + taxed
    increment_id = f"{number:09}"
    insert(
        db,
        "sales_order",
        id=number,
        increment_id=increment_id,
        customer=buyer.customer,
        customer_name=buyer.name,
        email=buyer.email,
        group_id=buyer.group,
        created_at=stamp(moment),
        status=status,
        held_status="pending" if status == "holded" else "",
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        tax=taxed,
        total=total,
        coupon=coupon,
        shipping_method=method,
        payment_method=random.choice(PAYMENT_METHODS),
    )
    for kind in ("billing", "shipping"):
        insert(db, "order_address", sales_order=number, kind=kind, **buyer.address)
    _write_items(db, number, items, status)
    _write_history(db, random, number, status, moment, total, sum(qty for _, qty in items))


def _write_items(db: sqlite3.Connection, order: int, items: list[tuple[sqlite3.Row, int]], status: str) -> None:
    for product, qty in items:
        options = product["name"].split("-")[1:] if product["parent"] else []
        insert(
            db,
            "order_item",
            sales_order=order,
            product=product["id"],
            sku=product["sku"],
            name=product["name"].split("-")[0] if product["parent"] else product["name"],
            options=f"Size: {options[0]}, Color: {options[1]}" if options else "",
            qty=qty,
            price=product["price"],
            invoiced=qty if status in ("processing", "complete", "closed") else 0,
            shipped=qty if status in ("complete", "closed") else 0,
            refunded=qty if status == "closed" else 0,
            canceled=qty if status == "canceled" else 0,
        )


def _write_history(
    db: sqlite3.Connection, random: Random, order: int, status: str, moment: datetime, total: int, qty: int
) -> None:
    """Papers and notes in the order in which they came about."""
    texts = words().notes
    later = moment + timedelta(minutes=20 * random.randint(2, 20))
    if random.random() < 0.3:
        _note(db, order, moment, "pending", random.choice(texts["pending"]))
    if status in ("processing", "complete", "closed"):
        _paper(db, "invoice", order, later, total=total, state="Paid")
        _note(db, order, later, "processing", random.choice(texts["processing"]))
    if status in ("complete", "closed"):
        sent = later + timedelta(hours=random.randint(1, 4))
        shipment = _paper(db, "shipment", order, sent, qty=qty)
        carrier = random.choice(("dhl", "fedex", "ups", "usps"))
        track = f"{random.randrange(10**9, 10**10)}"
        columns = {"carrier": carrier, "title": CARRIERS[carrier], "number": track, "created_at": stamp(sent)}
        insert(db, "shipment_track", shipment=shipment, **columns)
        _note(db, order, sent, "complete", texts["complete"][0], notified=1)
    if status == "closed":
        back = later + timedelta(hours=random.randint(5, 9))
        _paper(db, "credit_memo", order, back, total=total, state="Refunded")
        _note(db, order, back, "closed", random.choice(texts["closed"]), notified=1)
    if status in ("canceled", "holded", "fraud"):
        _note(db, order, later, status, random.choice(texts[status]))


def _paper(db: sqlite3.Connection, table: str, order: int, moment: datetime, **columns: int | str) -> int:
    number: int = db.execute(f"select coalesce(max(id), 0) + 1 from {table}").fetchone()[0]
    day = stamp(moment)
    return insert(db, table, id=number, increment_id=f"{number:09}", sales_order=order, created_at=day, **columns)


def _note(
    db: sqlite3.Connection, order: int, moment: datetime, status: str, comment: str, *, notified: int = 0
) -> None:
    at = stamp(moment)
    values = {"created_at": at, "kind": "order", "status": status, "comment": comment, "notified": notified}
    insert(db, "order_note", sales_order=order, visible=notified, **values)

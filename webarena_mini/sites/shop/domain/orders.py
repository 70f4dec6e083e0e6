"""Delivery and payment terms, placing an order, and the shop's own clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from sqlite3 import Row
from typing import Any

from webarena_mini.kit.database import Database

STANDARD = "Standard Delivery - 3 to 5 days"
EXPRESS = "Express Delivery - 1 to 2 days"
SHIPPING_METHODS = {"standard": STANDARD, "express": EXPRESS}
PAYMENTS = ("Pay by invoice", "Cash on delivery", "Bank transfer")
FREE_SHIPPING_FROM = 10_000
_STANDARD_PRICE, _EXPRESS_PRICE = 500, 1_400
# Days after the order at which each step is done.
_DAYS_ON_THE_ROAD = {STANDARD: 4, EXPRESS: 2}
_DAYS_TO_RETURN = 16


def shipping_price(method: str, subtotal: int) -> int:
    """Price in cents; standard delivery is free from a subtotal of 100 dollars."""
    if method == EXPRESS:
        return _EXPRESS_PRICE
    return 0 if subtotal >= FREE_SHIPPING_FROM else _STANDARD_PRICE


def rates(subtotal: int) -> list[tuple[str, str, int]]:
    """Name, days on the road and price in cents of each way of delivery, the cheapest first."""
    named = ((text, *text.split(" Delivery - ")) for text in (STANDARD, EXPRESS))
    return [(name, days.removesuffix(" days"), shipping_price(text, subtotal)) for text, name, days in named]


def progress(order: Row | Mapping[str, Any]) -> list[tuple[str, str]]:
    """What has happened to an order so far, as (step, moment)."""
    delivered = 1 + _DAYS_ON_THE_ROAD.get(order["shipping_method"], 4)
    sent = [("Order received", 0), ("Packed and handed to the carrier", 1), ("Delivered", delivered)]
    steps = {
        "Processing": [*sent[:1], ("Payment received", 1)],
        "Complete": sent,
        "Canceled": [*sent[:1], ("Canceled, nothing was charged", 1)],
        "Closed": [*sent, ("Returned and refunded", delivered + _DAYS_TO_RETURN)],
    }
    placed = datetime.fromisoformat(order["created_at"])
    return [(text, str(placed + timedelta(days=days))) for text, days in steps.get(order["status"], sent[:1])]


def tick(db: Database) -> str:
    """The shop's time, one minute later at each call, so that equal actions give equal data."""
    return str(db.value("update clock set now = datetime(now, '+1 minute') returning now"))


def place_order(
    db: Database,
    *,
    customer: int | None,
    email: str,
    items: Sequence[Row],
    shipping_method: str,
    payment_method: str,
    shipping_address: str,
    billing_address: str,
) -> int:
    """Writes the order, takes its items out of stock, and returns its id, which is the number on the order."""
    subtotal = sum(item["price"] * item["qty"] for item in items)
    shipping = shipping_price(shipping_method, subtotal)
    order = int(db.value("select max(id) + 1 from sales_order"))
    db.insert(
        "sales_order",
        id=order,
        increment_id=f"{order:09}",
        customer=customer,
        email=email,
        created_at=tick(db),
        status="Pending",
        subtotal=subtotal,
        shipping=shipping,
        total=subtotal + shipping,
        shipping_method=shipping_method,
        payment_method=payment_method,
        shipping_address=shipping_address,
        billing_address=billing_address,
        ship_to=shipping_address.split("\n", 1)[0],
    )
    for item in items:
        columns = ("product", "sku", "name", "choices", "qty", "price")
        db.insert("order_item", sales_order=order, **{column: item[column] for column in columns})
        db.run("update product set stock = stock - ? where id = ?", item["qty"], item["product"])
    return order

"""What may be done with an order, and doing it: cancel, hold, invoice, ship, refund, comment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain.content import CARRIERS
from webarena_mini.sites.admin.domain.money import decimal

# Statuses that a comment may set, by the status that the order has.
SETTABLE = {"pending": ("pending", "fraud"), "processing": ("processing", "fraud"), "fraud": ("fraud", "pending")}
_OPEN = ("pending", "processing", "fraud")


@dataclass(frozen=True)
class Line:
    """One item of an order with its part of the order's tax and discount, in cents."""

    item: Row
    subtotal: int
    tax: int
    discount: int

    @property
    def total(self) -> int:
        return self.subtotal + self.tax - self.discount


class OrderError(Exception):
    """Something that cannot be done with an order in its state; the text is for the user."""


@dataclass(frozen=True)
class Order:
    """One order with what is left to invoice, ship and refund of it."""

    row: Row
    items: list[Row]

    @property
    def status(self) -> str:
        return str(self.row["status"])

    @property
    def lines(self) -> list[Line]:
        subtotals = [item["price"] * item["qty"] for item in self.items]
        taxes, discounts = (_split(self.row[name], subtotals) for name in ("tax", "discount"))
        return [Line(*parts) for parts in zip(self.items, subtotals, taxes, discounts, strict=True)]

    @property
    def can_invoice(self) -> bool:
        return self.status in _OPEN and any(item["qty"] > item["invoiced"] for item in self.items)

    @property
    def can_ship(self) -> bool:
        return self.status in _OPEN and any(item["qty"] > item["shipped"] for item in self.items)

    @property
    def can_cancel(self) -> bool:
        return self.status in _OPEN and not any(item["invoiced"] for item in self.items)

    @property
    def can_hold(self) -> bool:
        return self.status in ("pending", "processing")

    @property
    def can_unhold(self) -> bool:
        return self.status == "holded"

    @property
    def can_refund(self) -> bool:
        return self.status not in ("holded", "closed") and any(i["invoiced"] > i["refunded"] for i in self.items)


def _split(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion to the weights, which add up to the amount."""
    whole, given, parts = sum(weights) or 1, 0, []
    for reached in accumulate(weights):
        parts.append(amount * reached // whole - given)
        given += parts[-1]
    return parts


def load(db: Database, order: int) -> Order | None:
    row = db.one("select * from sales_order where id = ?", order)
    if row is None:
        return None
    return Order(row, db.all("select * from order_item where sales_order = ? order by id", order))


def note(
    db: Database,
    order: int,
    at: str,
    comment: str,
    *,
    kind: str = "order",
    paper: int | None = None,
    notified: bool = False,
    shown: bool = False,
) -> None:
    status = db.value("select status from sales_order where id = ?", order)
    values = {"created_at": at, "kind": kind, "paper": paper, "status": status, "comment": comment}
    db.insert("order_note", sales_order=order, notified=int(notified), visible=int(shown), **values)


def set_status(db: Database, order: int, status: str) -> None:
    db.run("update sales_order set status = ?, held_status = '' where id = ?", status, order)


def cancel(db: Database, order: Order) -> None:
    """Closes the order and puts its items back into stock."""
    if not order.can_cancel:
        raise OrderError("You have not canceled the item.")
    for item in order.items:
        db.run("update order_item set canceled = qty where id = ?", item["id"])
        db.run("update product set qty = qty + ? where id = ?", item["qty"], item["product"])
    set_status(db, order.row["id"], "canceled")


def hold(db: Database, order: Order) -> None:
    if not order.can_hold:
        raise OrderError("You have not put the order on hold.")
    db.run("update sales_order set status = 'holded', held_status = ? where id = ?", order.status, order.row["id"])


def unhold(db: Database, order: Order) -> None:
    if not order.can_unhold:
        raise OrderError("The order was not on hold.")
    set_status(db, order.row["id"], order.row["held_status"] or "pending")


def invoice(db: Database, order: Order, at: str) -> int:
    """Bills all that is not billed yet."""
    if not order.can_invoice:
        raise OrderError("The order does not allow an invoice to be created.")
    number = _paper(db, "invoice", order, at, total=order.row["total"], state="Paid")
    db.run("update order_item set invoiced = qty where sales_order = ?", order.row["id"])
    _settle(db, order.row["id"])
    return number


def ship(db: Database, order: Order, at: str, quantities: Mapping[int, int]) -> int:
    """Sends pieces by item id; raises OrderError where there are none, or more than are left."""
    sent = {item["id"]: quantities.get(item["id"], 0) for item in order.items}
    left = {item["id"]: item["qty"] - item["shipped"] for item in order.items}
    if not order.can_ship or not any(sent.values()):
        raise OrderError("The shipment has no items. Enter a quantity to ship.")
    if any(not 0 <= qty <= left[item] for item, qty in sent.items()):
        raise OrderError("A quantity is larger than what is left to ship.")
    number = _paper(db, "shipment", order, at, qty=sum(sent.values()))
    for item, qty in sent.items():
        db.run("update order_item set shipped = shipped + ? where id = ?", qty, item)
    _settle(db, order.row["id"])
    return number


def refund(db: Database, order: Order, at: str, *, restock: bool) -> int:
    if not order.can_refund:
        raise OrderError("The order cannot be refunded.")
    number = _paper(db, "credit_memo", order, at, total=order.row["total"], state="Refunded")
    db.run("update order_item set refunded = invoiced where sales_order = ?", order.row["id"])
    for item in order.items if restock else ():
        db.run("update product set qty = qty + ? where id = ?", item["invoiced"], item["product"])
    set_status(db, order.row["id"], "closed")
    note(db, order.row["id"], at, f"We refunded ${decimal(order.row['total'])} offline.")
    return number


def add_track(db: Database, shipment: Row, at: str, *, carrier: str, title: str, number: str) -> None:
    """Raises OrderError where a field is missing."""
    if carrier not in CARRIERS or not number:
        raise OrderError("Please enter a carrier and a tracking number.")
    title = title or CARRIERS[carrier]
    db.insert("shipment_track", shipment=shipment["id"], carrier=carrier, title=title, number=number, created_at=at)


def _paper(db: Database, table: str, order: Order, at: str, **columns: object) -> int:
    number = int(db.value(f"select coalesce(max(id), 0) + 1 from {table}"))
    values = {"id": number, "increment_id": f"{number:09}", "sales_order": order.row["id"], "created_at": at}
    return db.insert(table, **values, **columns)


def _settle(db: Database, order: int) -> None:
    """Complete once all is billed and sent, else processing."""
    done = db.value("select min(invoiced = qty and shipped = qty) from order_item where sales_order = ?", order)
    set_status(db, order, "complete" if done else "processing")

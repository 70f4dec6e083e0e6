"""The order grid, an order's page and its tabs, comments, and changes of its state and addresses."""

from collections.abc import Callable

from starlette.responses import Response

from webarena_mini.kit.addresses import ADDRESS_FIELDS, missing_fields
from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain import grids, orders
from webarena_mini.sites.admin.domain.content import GROUPS, ORDER_STATUSES
from webarena_mini.sites.admin.domain.orders import Order, OrderError
from webarena_mini.sites.admin.pages.lists import chosen
from webarena_mini.sites.admin.pages.visit import Visit

_CHANGES: dict[str, tuple[Callable[[Database, Order], None], str]] = {
    "cancel": (orders.cancel, "You canceled the order."),
    "hold": (orders.hold, "You put the order on hold."),
    "unhold": (orders.unhold, "You released the order from holding status."),
}
_TABS = {
    "info": "Information",
    "invoices": "Invoices",
    "creditmemos": "Credit Memos",
    "shipments": "Shipments",
    "history": "Comments History",
}
_NO_ORDER = "This order no longer exists."


def order_path(number: int) -> str:
    return f"/admin/sales/order/view/order_id/{number}/"


def view(visit: Visit) -> Response:
    tab = visit.query("tab")
    return _order_page(visit, tab if tab in _TABS else "info")


def history(visit: Visit) -> Response:
    return _order_page(visit, "history")


def _order_page(visit: Visit, tab: str) -> Response:
    order = orders.load(visit.db, visit.path_id())
    if order is None:
        return visit.not_found(_NO_ORDER)
    number, db = order.row["id"], visit.db
    addresses = db.all("select * from order_address where sales_order = ?", number)
    settable = orders.SETTABLE.get(order.status, (order.status,))
    papers = {
        "invoices": db.all("select * from invoice where sales_order = ? order by id", number),
        "creditmemos": db.all("select * from credit_memo where sales_order = ? order by id", number),
        "shipments": db.all("select * from shipment where sales_order = ? order by id", number),
    }
    return visit.page(
        "order.html",
        title=f"#{order.row['increment_id']}",
        order=order,
        addresses={address["kind"]: address for address in addresses},
        notes=db.all("select * from order_note where sales_order = ? and kind = 'order' order by id desc", number),
        events=_events(db, number),
        settable={status: ORDER_STATUSES[status] for status in settable},
        papers=papers,
        others=db.all(
            "select * from sales_order where email = ? and id != ? order by id desc limit 10",
            order.row["email"],
            number,
        ),
        status_names=ORDER_STATUSES,
        groups=GROUPS,
        path=order_path(number),
        tab=tab,
        tabs=_TABS,
    )


def _events(db: Database, order: int) -> list[tuple[str, str, bool]]:
    """All that happened to an order as (moment, text, whether the customer was notified), the newest first."""
    found = [(row["created_at"], row["comment"], bool(row["notified"])) for row in db.all(
        "select * from order_note where sales_order = ?", order
    )]  # fmt: skip
    for table, text in (("invoice", "Invoice #{} created"), ("shipment", "Shipment #{} created")):
        rows = db.all(f"select * from {table} where sales_order = ?", order)
        found += [(row["created_at"], text.format(row["increment_id"]), False) for row in rows]
    tracks = "select t.* from shipment_track t join shipment s on s.id = t.shipment where s.sales_order = ?"
    for row in db.all(tracks, order):
        found.append((row["created_at"], f"Tracking number {row['number']} for {row['title']} assigned", False))
    memos = db.all("select * from credit_memo where sales_order = ?", order)
    found += [(row["created_at"], f"Credit memo #{row['increment_id']} created", False) for row in memos]
    return sorted(found, key=lambda event: event[0], reverse=True)


def change(visit: Visit, what: str) -> Response:
    order = orders.load(visit.db, visit.path_id())
    if order is None:
        return visit.not_found(_NO_ORDER)
    apply, done = _CHANGES[what]
    try:
        apply(visit.db, order)
        visit.notice(done)
    except OrderError as refused:
        visit.error(str(refused))
    return visit.redirect(order_path(order.row["id"]))


def mass_action(visit: Visit) -> Response:
    """Does what can be done, and counts what cannot."""
    what, numbers = visit.field("action"), chosen(visit)
    if what not in _CHANGES:
        visit.error("Please choose an action.")
        return visit.redirect(grids.ORDERS.path)
    refused = 0
    for number in numbers:
        order = orders.load(visit.db, number)
        try:
            if order is None:
                raise OrderError(_NO_ORDER)
            _CHANGES[what][0](visit.db, order)
        except OrderError:
            refused += 1
    if done := len(numbers) - refused:
        visit.notice(f"{done} order(s): {grids.ORDERS.mass[what].lower()} done.")
    if refused:
        visit.error(f"{refused} order(s): {grids.ORDERS.mass[what].lower()} is not possible.")
    return visit.redirect(grids.ORDERS.path)


def comment(visit: Visit) -> Response:
    order = orders.load(visit.db, visit.path_id())
    if order is None:
        return visit.not_found(_NO_ORDER)
    number, status = order.row["id"], visit.field("status")
    is_change = status != order.status and status in orders.SETTABLE.get(order.status, ())
    if not visit.field("comment") and not is_change:
        visit.error("Please provide a comment text or update the order status to be able to submit a comment.")
        return visit.redirect(order_path(number))
    if is_change:
        orders.set_status(visit.db, number, status)
    notified, shown = bool(visit.field("is_customer_notified")), bool(visit.field("is_visible_on_front"))
    orders.note(visit.db, number, visit.tick(), visit.field("comment"), notified=notified, shown=shown)
    visit.notice("You added the comment to the order.")
    return visit.redirect(f"{order_path(number)}#order_history_block")


def address(visit: Visit) -> Response:
    row = visit.db.one("select * from order_address where id = ?", visit.path_id())
    if row is None:
        return visit.not_found("This address no longer exists.")
    return _address_page(visit, row["kind"], row["sales_order"], dict(row), {})


def post_address(visit: Visit) -> Response:
    row = visit.db.one("select * from order_address where id = ?", visit.path_id())
    if row is None:
        return visit.not_found("This address no longer exists.")
    values = {name: visit.field(name)[:120] for name in ADDRESS_FIELDS}
    if errors := missing_fields(values):
        return _address_page(visit, row["kind"], row["sales_order"], values, errors)
    changes = ", ".join(f"{name} = ?" for name in ADDRESS_FIELDS)
    visit.db.run(f"update order_address set {changes} where id = ?", *values.values(), row["id"])
    visit.notice("You updated the order address.")
    return visit.redirect(order_path(row["sales_order"]))


def _address_page(visit: Visit, kind: str, order: int, values: dict[str, str], errors: dict[str, str]) -> Response:
    title = f"Edit Order {order:09} {kind.title()} Address"
    return visit.page(
        "order_address.html",
        refused=bool(errors),
        title=title,
        values=values,
        errors=errors,
        back=order_path(order),
    )

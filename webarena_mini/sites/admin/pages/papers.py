"""Invoices, shipments with their tracking numbers, and credit memos: making and viewing them."""

from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit.numbers import to_int
from webarena_mini.sites.admin.domain import orders
from webarena_mini.sites.admin.domain.content import CARRIERS, GROUPS, ORDER_STATUSES
from webarena_mini.sites.admin.domain.orders import OrderError
from webarena_mini.sites.admin.pages.orders import order_path
from webarena_mini.sites.admin.pages.visit import Visit

_KINDS = {"invoice": "Invoice", "credit_memo": "Credit Memo", "shipment": "Shipment"}
_PATHS = {
    "invoice": "/admin/sales/invoice/view/invoice_id/",
    "credit_memo": "/admin/sales/creditmemo/view/creditmemo_id/",
    "shipment": "/admin/sales/shipment/view/shipment_id/",
}


def new_invoice(visit: Visit) -> Response:
    return _form(visit, "invoice")


def new_shipment(visit: Visit) -> Response:
    return _form(visit, "shipment")


def new_memo(visit: Visit) -> Response:
    return _form(visit, "credit_memo")


def _form(visit: Visit, kind: str) -> Response:
    order = orders.load(visit.db, visit.path_id())
    if order is None:
        return visit.not_found("This order no longer exists.")
    allowed = {"invoice": order.can_invoice, "shipment": order.can_ship, "credit_memo": order.can_refund}
    if not allowed[kind]:
        visit.error(f"Cannot do {_KINDS[kind].lower()} for the order.")
        return visit.redirect(order_path(order.row["id"]))
    back = order_path(order.row["id"])
    title = f"New {_KINDS[kind]}"
    return visit.page("new_paper.html", title=title, kind=kind, order=order, carriers=CARRIERS, back=back)


def post_invoice(visit: Visit) -> Response:
    return _create(visit, "invoice", "The invoice has been created.")


def post_shipment(visit: Visit) -> Response:
    return _create(visit, "shipment", "The shipment has been created.")


def post_memo(visit: Visit) -> Response:
    return _create(visit, "credit_memo", "You created the credit memo.")


def _create(visit: Visit, kind: str, done: str) -> Response:
    order = orders.load(visit.db, visit.path_id())
    if order is None:
        return visit.not_found("This order no longer exists.")
    number, at = order.row["id"], visit.tick()
    try:
        if kind == "shipment":
            paper = _ship(visit, order, at)
        elif kind == "invoice":
            paper = orders.invoice(visit.db, order, at)
        else:
            paper = orders.refund(visit.db, order, at, restock=bool(visit.field("return_to_stock")))
    except OrderError as refused:
        visit.error(str(refused))
        return visit.back(order_path(number))
    if text := visit.field("comment"):
        notified = bool(visit.field("send_email"))
        orders.note(visit.db, number, at, text, kind=kind, paper=paper, notified=notified)
    visit.notice(done)
    return visit.redirect(order_path(number))


def _ship(visit: Visit, order: orders.Order, at: str) -> int:
    """Makes the shipment and returns its id."""
    carrier, track = visit.field("carrier"), visit.field("track_number")
    if carrier and (not track or carrier not in CARRIERS):
        raise OrderError("Please enter a tracking number.")
    wanted = {
        item["id"]: to_int(visit.field(f"qty_{item['id']}"), low=-1, high=9999, default=-1) for item in order.items
    }
    number = orders.ship(visit.db, order, at, wanted)
    if carrier:
        shipment = visit.db.one("select * from shipment where id = ?", number)
        if shipment is not None:
            orders.add_track(visit.db, shipment, at, carrier=carrier, title=visit.field("track_title"), number=track)
    return number


def view_invoice(visit: Visit) -> Response:
    return _paper(visit, "invoice")


def view_memo(visit: Visit) -> Response:
    return _paper(visit, "credit_memo")


def view_shipment(visit: Visit) -> Response:
    return _paper(visit, "shipment")


def _paper(visit: Visit, kind: str) -> Response:
    row = visit.db.one(f"select * from {kind} where id = ?", visit.path_id())
    order = row and orders.load(visit.db, row["sales_order"])
    if row is None or order is None:
        return visit.not_found(f"This {_KINDS[kind].lower()} no longer exists.")
    tracks: list[Row] = []
    if kind == "shipment":
        tracks = visit.db.all("select * from shipment_track where shipment = ? order by id", row["id"])
    addresses = visit.db.all("select * from order_address where sales_order = ?", row["sales_order"])
    return visit.page(
        "paper.html",
        title=f"{_KINDS[kind]} #{row['increment_id']}",
        kind=kind,
        paper=row,
        order=order,
        addresses={address["kind"]: address for address in addresses},
        tracks=tracks,
        carriers=CARRIERS,
        order_path=order_path(row["sales_order"]),
        notes=visit.db.all("select * from order_note where kind = ? and paper = ? order by id desc", kind, row["id"]),
        status_names=ORDER_STATUSES,
        groups=GROUPS,
        comment_path=f"/admin/sales/{kind}/addComment/id/{row['id']}/",
    )


def comment(visit: Visit, kind: str) -> Response:
    """A note on a paper; the order's history shows it too."""
    row = visit.db.one(f"select * from {kind} where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(f"This {_KINDS[kind].lower()} no longer exists.")
    text, notified = visit.field("comment"), bool(visit.field("is_customer_notified"))
    if text:
        orders.note(visit.db, row["sales_order"], visit.tick(), text, kind=kind, paper=row["id"], notified=notified)
        visit.notice("You added the comment.")
    else:
        visit.error("Please enter a comment.")
    return visit.redirect(f"{_PATHS[kind]}{row['id']}/")


def post_track(visit: Visit) -> Response:
    row = visit.db.one("select * from shipment where id = ?", visit.path_id())
    if row is None:
        return visit.not_found("This shipment no longer exists.")
    try:
        orders.add_track(
            visit.db,
            row,
            visit.tick(),
            carrier=visit.field("carrier"),
            title=visit.field("track_title"),
            number=visit.field("track_number"),
        )
        visit.notice("The tracking number has been added.")
    except OrderError as refused:
        visit.error(str(refused))
    return visit.redirect(f"{_PATHS['shipment']}{row['id']}/")


def delete_track(visit: Visit) -> Response:
    track = visit.db.one("select * from shipment_track where id = ?", visit.path_id())
    if track is None:
        return visit.not_found("This tracking number no longer exists.")
    visit.db.run("delete from shipment_track where id = ?", track["id"])
    visit.notice("The tracking number has been deleted.")
    return visit.redirect(f"{_PATHS['shipment']}{track['shipment']}/")

"""Order history, order pages, ordering again, and looking an order up without an account."""

from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.sites.shop.domain import cart, orders
from webarena_mini.sites.shop.domain.cart import CartError
from webarena_mini.sites.shop.pages.visit import Visit

HISTORY = "/sales/order/history/"
PAGE_SIZES = (10, 20, 50)
LOOK_UP = {"order_number": "Order ID", "last_name": "Billing Last Name", "email": "Email Address"}


def history(visit: Visit) -> Response:
    params = visit.request.query_params
    asked = params.get("limit", "")
    size = int(asked) if asked in {str(choice) for choice in PAGE_SIZES} else PAGE_SIZES[0]
    total = visit.db.value("select count(*) from sales_order where customer = ?", visit.customer_id)
    pages = max(1, -(-total // size))
    page = to_int(params.get("p"), low=1, high=pages, default=1)
    rows = visit.db.all(
        "select * from sales_order where customer = ? order by id desc limit ? offset ?",
        visit.customer_id,
        size,
        (page - 1) * size,
    )
    return visit.page("orders.html", orders=rows, page=page, pages=pages, total=total, size=size, sizes=PAGE_SIZES)


def order(visit: Visit) -> Response:
    row = _own_order(visit)
    if row is None:
        visit.error("There is no such order in your account.")
        return visit.redirect(HISTORY)
    return _order_page(visit, "order.html", row)


def _own_order(visit: Visit) -> Row | None:
    query = "select * from sales_order where id = ? and customer = ?"
    return visit.db.one(query, visit.path_id(), visit.customer_id)


def _order_page(visit: Visit, template: str, row: Row) -> Response:
    items = visit.db.all(
        "select i.*, p.slug from order_item i left join product p on p.id = i.product"
        " where i.sales_order = ? order by i.id",
        row["id"],
    )
    return visit.page(template, order=row, items=items, progress=orders.progress(row))


def reorder(visit: Visit) -> Response:
    """Puts the items of an earlier order into the cart."""
    row = _own_order(visit)
    if row is None:
        visit.error("There is no such order in your account.")
        return visit.redirect(HISTORY)
    for item in visit.db.all("select * from order_item where sales_order = ? order by id", row["id"]):
        product = visit.db.one("select * from product where id = ?", item["product"])
        try:
            if product:
                cart.add(visit.db, visit.cart_owner, product, item["qty"], item["choices"])
        except CartError as refused:
            visit.error(str(refused))
    return visit.redirect("/checkout/cart/")


def guest_form(visit: Visit) -> Response:
    if visit.customer_id:
        return visit.redirect(HISTORY)
    return visit.page("guest_form.html", values=dict.fromkeys(LOOK_UP, ""), errors={})


def post_guest_form(visit: Visit) -> Response:
    """Whoever knows number, name and email of an order may see it for the rest of the session."""
    values = {name: visit.field(name)[:200] for name in LOOK_UP}
    errors = {name: "This is a required field." for name, text in values.items() if not text}
    found = None if errors else _find(visit, values)
    if found is None:
        if not errors:
            visit.error("We find no order with these details. Please check them and try again.")
        return visit.page("guest_form.html", refused=True, values=values, errors=errors)
    visit.remember(guest_order=found["id"])
    return visit.redirect("/sales/guest/view/")


def _find(visit: Visit, values: dict[str, str]) -> Row | None:
    number = to_int(values["order_number"].lstrip("#"), low=0, high=LARGEST_ID, default=0)
    row = visit.db.one("select * from sales_order where id = ?", number)
    if row is None or row["email"].casefold() != values["email"].casefold():
        return None
    billed_to = row["billing_address"].split("\n", 1)[0].casefold()
    return row if f" {billed_to}".endswith(f" {values['last_name'].casefold()}") else None


def guest_order(visit: Visit) -> Response:
    row = visit.db.one("select * from sales_order where id = ?", visit.guest_order)
    return _order_page(visit, "guest_order.html", row) if row else visit.redirect("/sales/guest/form/")

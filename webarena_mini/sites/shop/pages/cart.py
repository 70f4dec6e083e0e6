"""The cart."""

from starlette.responses import Response

from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.sites.shop.domain import cart, orders, wishes
from webarena_mini.sites.shop.domain.cart import CartError, ChoiceMissing
from webarena_mini.sites.shop.pages.visit import Visit


def show(visit: Visit) -> Response:
    subtotal = sum(item["qty"] * item["price"] for item in cart.items(visit.db, visit.cart_owner))
    return visit.page("cart.html", rates=orders.rates(subtotal), free_from=orders.FREE_SHIPPING_FROM)


def add(visit: Visit) -> Response:
    """Puts a product into the cart; one that must be configured first leads to its own page."""
    product = visit.db.one("select * from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    chosen = {name.removeprefix("choice_"): visit.field(name) for name in visit.form if name.startswith("choice_")}
    qty = to_int(visit.field("qty") or "1", low=0, high=LARGEST_ID, default=0)
    try:
        cart.add(visit.db, visit.cart_owner, product, qty, cart.choice_text(visit.db, product["id"], chosen))
    except ChoiceMissing as missing:
        visit.error(str(missing))
        return visit.redirect(f"/{product['slug']}.html")
    except CartError as refused:
        visit.error(str(refused))
        return visit.back()
    visit.notice(f"You added {product['name']} to your", link="/checkout/cart/", link_text="shopping cart")
    return visit.back()


def update(visit: Visit) -> Response:
    """Stores the quantities of all lines; "remove" names a line to drop, "wish" one for the wish list."""
    removed = to_int(visit.field("remove"), low=0, high=LARGEST_ID, default=0)
    if removed:
        cart.set_quantity(visit.db, visit.cart_owner, removed, 0)
        return visit.redirect("/checkout/cart/")
    wished = to_int(visit.field("wish"), low=0, high=LARGEST_ID, default=0)
    if wished:
        return _to_wish_list(visit, wished)
    for name in visit.form:
        if name.startswith("qty_"):
            line = to_int(name.removeprefix("qty_"), low=0, high=LARGEST_ID, default=0)
            qty = to_int(visit.field(name), low=0, high=LARGEST_ID, default=-1)
            if qty < 0:
                visit.error("Please enter a whole number as quantity.")
                continue
            try:
                cart.set_quantity(visit.db, visit.cart_owner, line, qty)
            except CartError as refused:
                visit.error(str(refused))
    return visit.redirect("/checkout/cart/")


def _to_wish_list(visit: Visit, line: int) -> Response:
    if visit.customer_id is None:
        visit.error("Please sign in first.")
        return visit.redirect("/customer/account/login/?next=/checkout/cart/")
    for item in cart.items(visit.db, visit.cart_owner):
        if item["id"] == line:
            wishes.add(visit.db, visit.customer_id, item["product"])
            cart.set_quantity(visit.db, visit.cart_owner, line, 0)
            visit.notice(f"{item['name']} has been moved to your Wish List.")
    return visit.redirect("/checkout/cart/")

"""Cart and checkout."""

from starlette.responses import Response

from webarena_runner.minisites._addresses import ADDRESS_FIELDS, missing_fields
from webarena_runner.minisites._numbers import LARGEST_ID, to_int
from webarena_runner.minisites.shop import cart, customers, orders
from webarena_runner.minisites.shop.cart import CartError, ChoiceMissing
from webarena_runner.minisites.shop.content import phrases
from webarena_runner.minisites.shop.visit import Visit


def show(visit: Visit) -> Response:
    return visit.page("cart.html")


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
    """Stores the quantities of all lines; "remove" names a line to drop."""
    removed = to_int(visit.field("remove"), low=0, high=LARGEST_ID, default=0)
    if removed:
        cart.set_quantity(visit.db, visit.cart_owner, removed, 0)
        return visit.redirect("/checkout/cart/")
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


def checkout(visit: Visit) -> Response:
    if not cart.items(visit.db, visit.cart_owner):
        visit.error("Your shopping cart is empty.")
        return visit.redirect("/checkout/cart/")
    return _checkout_page(visit, values=dict.fromkeys(ADDRESS_FIELDS, ""), errors={})


def _checkout_page(visit: Visit, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    addresses = visit.db.all("select * from address where customer = ? order by id", visit.customer_id)
    customer = visit.customer()
    subtotal = sum(item["qty"] * item["price"] for item in cart.items(visit.db, visit.cart_owner))
    methods = {key: (text, orders.shipping_price(text, subtotal)) for key, text in orders.SHIPPING_METHODS.items()}
    return visit.page(
        "checkout.html",
        status_code=422 if errors else 200,
        addresses=addresses,
        chosen_address=visit.field("address") or str((customer["shipping_address"] if customer else None) or "new"),
        chosen_shipping=visit.field("shipping") or "standard",
        chosen_payment=visit.field("payment") or orders.PAYMENTS[0],
        email=visit.field("email"),
        methods=methods,
        payments=orders.PAYMENTS,
        states=phrases()["states"],
        values=values,
        errors=errors,
    )


def place_order(visit: Visit) -> Response:
    items = cart.items(visit.db, visit.cart_owner)
    if not items:
        return visit.redirect("/checkout/cart/")
    short = [item["name"] for item in items if item["qty"] > item["stock"]]
    if short:
        visit.error(f"Not available in this quantity any more: {', '.join(short)}.")
        return visit.redirect("/checkout/cart/")
    fields = {name: visit.field(name)[:200] for name in ADDRESS_FIELDS}
    customer = visit.customer()
    number = to_int(visit.field("address"), low=0, high=LARGEST_ID, default=0)
    own = visit.db.one("select * from address where id = ? and customer = ?", number, visit.customer_id)
    email = customer["email"] if customer else visit.field("email")[:200]
    errors = {} if own else missing_fields(fields)
    if not is_email(email):
        errors["email"] = "Please enter a valid email address."
    method, payment = orders.SHIPPING_METHODS.get(visit.field("shipping")), visit.field("payment")
    if method is None or payment not in orders.PAYMENTS:
        errors["shipping"] = "Please choose a delivery and a payment method."
    if errors or method is None:
        return _checkout_page(visit, values=fields, errors=errors)
    shipping_address = customers.address_text(dict(own) if own else fields)
    billing = visit.db.one("select * from address where id = ?", customer["billing_address"] if customer else None)
    order = orders.place_order(
        visit.db,
        customer=visit.customer_id,
        email=email,
        items=items,
        shipping_method=method,
        payment_method=payment,
        shipping_address=shipping_address,
        billing_address=customers.address_text(dict(billing)) if billing else shipping_address,
    )
    cart.clear(visit.db, visit.cart_owner)
    visit.remember_order(order)
    return visit.redirect("/checkout/onepage/success/")


def is_email(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(name and at and "." in domain and " " not in text)


def success(visit: Visit) -> Response:
    if visit.last_order is None:
        return visit.redirect("/checkout/cart/")
    return visit.page("success.html", order=f"{visit.last_order:09}", order_id=visit.last_order)

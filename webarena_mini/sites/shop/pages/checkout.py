"""Checkout."""

from collections.abc import Mapping
from sqlite3 import Row
from typing import Any

from starlette.responses import Response

from webarena_mini.kit.addresses import ADDRESS_FIELDS, is_email
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.sites.shop.domain import cart, customers, orders
from webarena_mini.sites.shop.domain.content import phrases
from webarena_mini.sites.shop.pages.visit import Visit

CART, SUCCESS = "/checkout/cart/", "/checkout/onepage/success/"


def checkout(visit: Visit) -> Response:
    if not cart.items(visit.db, visit.cart_owner):
        visit.error("Your shopping cart is empty.")
        return visit.redirect(CART)
    customer = visit.customer()
    names = {name: str(customer[name]) for name in ("first_name", "last_name")} if customer else {}
    return _checkout_page(visit, values=dict.fromkeys(ADDRESS_FIELDS, "") | names, errors={})


def _checkout_page(visit: Visit, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    addresses = visit.db.all("select * from address where customer = ? order by id", visit.customer_id)
    subtotal = sum(item["qty"] * item["price"] for item in cart.items(visit.db, visit.cart_owner))
    methods = {key: (text, orders.shipping_price(text, subtotal)) for key, text in orders.SHIPPING_METHODS.items()}
    usual = str((visit.customer() or {}).get("shipping_address"))
    asked = visit.field("address")
    offered = {"new", *(str(row["id"]) for row in addresses)}
    return visit.page(
        "checkout.html",
        refused=bool(errors),
        addresses=addresses,
        billing=_billing_address(visit),
        chosen_address=next((choice for choice in (asked, usual) if choice in offered), "new"),
        chosen_shipping=visit.field("shipping") or "standard",
        chosen_payment=visit.field("payment") or orders.PAYMENTS[0],
        email=visit.field("email")[:200],
        methods=methods,
        payments=orders.PAYMENTS,
        states=phrases()["states"],
        values=values,
        errors=errors,
    )


def _billing_address(visit: Visit) -> Row | None:
    return visit.db.one("select * from address where id = ?", (visit.customer() or {}).get("billing_address"))


def place_order(visit: Visit) -> Response:
    items = cart.items(visit.db, visit.cart_owner)
    if not items:
        # A second click on the button arrives here, after the first one has placed the order.
        return visit.redirect(SUCCESS if visit.last_order else CART)
    short = cart.unavailable(items)
    if short:
        visit.error(f"Not available in this quantity any more: {', '.join(short)}.")
        return visit.redirect(CART)
    fields = customers.address_fields(visit.field)
    customer = visit.customer()
    number = to_int(visit.field("address"), low=0, high=LARGEST_ID, default=0)
    own = visit.db.one("select * from address where id = ? and customer = ?", number, visit.customer_id)
    email = customer["email"] if customer else visit.field("email")[:200]
    method, payment = orders.SHIPPING_METHODS.get(visit.field("shipping")), visit.field("payment")
    errors = {} if own else customers.address_errors(fields)
    if not is_email(email):
        errors["email"] = "Please enter a valid email address."
    if payment not in orders.PAYMENTS:
        errors["payment"] = "Please choose a payment method."
    if method is None:
        errors["shipping"] = "Please choose a delivery method."
    if errors or method is None:
        return _checkout_page(visit, values=fields, errors=errors)
    if visit.customer_id is not None and not own and visit.field("save_address"):
        customers.save_address(visit.db, visit.customer_id, fields, None)
    address: Mapping[str, Any] = dict(own) if own else fields
    billing = _billing_address(visit)
    order = orders.place_order(
        visit.db,
        customer=visit.customer_id,
        email=email,
        items=items,
        shipping_method=method,
        payment_method=payment,
        shipping_address=customers.address_text(address),
        billing_address=customers.address_text(dict(billing) if billing else address),
    )
    cart.clear(visit.db, visit.cart_owner)
    visit.remember(last_order=order)
    return visit.redirect(SUCCESS)


def success(visit: Visit) -> Response:
    order = visit.db.one("select * from sales_order where id = ?", visit.last_order)
    return visit.page("success.html", order=order) if order else visit.redirect(CART)

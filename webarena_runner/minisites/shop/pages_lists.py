"""Wish list, address book, contact form and the pages of plain text."""

from starlette.responses import Response

from webarena_runner.minisites._addresses import ADDRESS_FIELDS, missing_fields
from webarena_runner.minisites._numbers import LARGEST_ID, to_int
from webarena_runner.minisites.shop import cart, catalogue, customers, orders
from webarena_runner.minisites.shop.cart import CartError, ChoiceMissing
from webarena_runner.minisites.shop.content import info_pages, phrases
from webarena_runner.minisites.shop.pages_cart import is_email
from webarena_runner.minisites.shop.visit import Visit

ADDRESS_BOOK = "/customer/address/"


def wish_list(visit: Visit) -> Response:
    wished = "join wish w on w.product = p.id where w.customer = ? order by w.added_at desc, w.id desc"
    rows = catalogue.cards(visit.db, wished, visit.customer_id)
    return visit.page("wishlist.html", products=rows)


def wish_add(visit: Visit) -> Response:
    product = visit.db.one("select id, name from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    visit.db.run(
        "insert or ignore into wish (customer, product, added_at) values (?, ?, ?)",
        visit.customer_id,
        product["id"],
        orders.tick(visit.db),
    )
    visit.notice(f"{product['name']} has been added to your Wish List.")
    return visit.redirect("/wishlist/")


def wish_remove(visit: Visit) -> Response:
    visit.db.run("delete from wish where customer = ? and product = ?", visit.customer_id, visit.path_id())
    visit.notice("The item has been removed from your Wish List.")
    return visit.redirect("/wishlist/")


def wish_to_cart(visit: Visit) -> Response:
    """Moves a wish into the cart; one that must be configured first leads to its own page."""
    product = visit.db.one("select * from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    try:
        cart.add(visit.db, visit.cart_owner, product, 1, cart.choice_text(visit.db, product["id"], {}))
    except ChoiceMissing as missing:
        visit.error(str(missing))
        return visit.redirect(f"/{product['slug']}.html")
    except CartError as refused:
        visit.error(str(refused))
        return visit.redirect("/wishlist/")
    visit.db.run("delete from wish where customer = ? and product = ?", visit.customer_id, product["id"])
    visit.notice(f"You added {product['name']} to your", link="/checkout/cart/", link_text="shopping cart")
    return visit.redirect("/wishlist/")


def address_book(visit: Visit) -> Response:
    rows = visit.db.all("select * from address where customer = ? order by id", visit.customer_id)
    by_id = {row["id"]: row for row in rows}
    customer = visit.customer() or {}
    defaults = (customer["billing_address"], customer["shipping_address"])
    return visit.page(
        "addresses.html",
        billing=by_id.get(defaults[0]),
        shipping=by_id.get(defaults[1]),
        others=[row for row in rows if row["id"] not in defaults],
    )


def address_form(visit: Visit) -> Response:
    number = visit.path_id()
    values = dict.fromkeys(ADDRESS_FIELDS, "")
    customer = visit.customer() or {}
    if number:
        row = visit.db.one("select * from address where id = ? and customer = ?", number, visit.customer_id)
        if row is None:
            visit.error("There is no such address in your account.")
            return visit.redirect(ADDRESS_BOOK)
        values = dict(row)
    else:
        values.update(first_name=customer["first_name"], last_name=customer["last_name"])
    return _address_page(visit, values=values, errors={})


def _address_page(visit: Visit, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    number, customer = visit.path_id(), visit.customer() or {}
    return visit.page(
        "address_form.html",
        status_code=422 if errors else 200,
        number=number,
        values=values,
        errors=errors,
        states=phrases()["states"],
        is_billing=bool(number) and customer.get("billing_address") == number,
        is_shipping=bool(number) and customer.get("shipping_address") == number,
    )


def post_address(visit: Visit) -> Response:
    number, customer_id = visit.path_id(), visit.customer_id
    fields = {name: visit.field(name)[:200] for name in ADDRESS_FIELDS}
    errors = missing_fields(fields)
    if customer_id is None or errors:
        return _address_page(visit, values=fields, errors=errors)
    if number and visit.db.one("select 1 from address where id = ? and customer = ?", number, customer_id) is None:
        return visit.redirect(ADDRESS_BOOK)
    has_default = (visit.customer() or {}).get("billing_address") is not None
    saved = customers.save_address(visit.db, customer_id, fields, number or None)
    customers.set_default_address(
        visit.db,
        customer_id,
        saved,
        billing=bool(visit.field("default_billing")) or not has_default,
        shipping=bool(visit.field("default_shipping")) or not has_default,
    )
    visit.notice("You saved the address.")
    return visit.redirect(ADDRESS_BOOK)


def delete_address(visit: Visit) -> Response:
    number = to_int(visit.field("number"), low=0, high=LARGEST_ID, default=0)
    customer = visit.customer() or {}
    if number in (customer.get("billing_address"), customer.get("shipping_address")):
        visit.error("A default address cannot be deleted.")
    else:
        visit.db.run("delete from address where id = ? and customer = ?", number, visit.customer_id)
        visit.notice("You deleted the address.")
    return visit.redirect(ADDRESS_BOOK)


def contact(visit: Visit) -> Response:
    customer = visit.customer()
    values = {
        "name": f"{customer['first_name']} {customer['last_name']}" if customer else "",
        "email": customer["email"] if customer else "",
        "phone": "",
        "comment": "",
    }
    return visit.page("contact.html", values=values, errors={})


def post_contact(visit: Visit) -> Response:
    values = {name: visit.field(name)[:5_000] for name in ("name", "email", "phone", "comment")}
    errors = {name: "This is a required field." for name in ("name", "email", "comment") if not values[name]}
    if values["email"] and not is_email(values["email"]):
        errors["email"] = "Please enter a valid email address."
    if errors:
        return visit.page("contact.html", status_code=422, values=values, errors=errors)
    visit.db.insert("contact_message", **values, created_at=orders.tick(visit.db))
    visit.notice("Thanks for your message. We will answer within one working day.")
    return visit.redirect("/contact/")


def info(visit: Visit) -> Response:
    slug = visit.request.url.path.strip("/")
    return visit.page("info.html", info=info_pages()[slug])

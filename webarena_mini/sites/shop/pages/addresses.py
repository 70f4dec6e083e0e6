"""The address book."""

from starlette.responses import Response

from webarena_mini.kit.addresses import ADDRESS_FIELDS
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.sites.shop.domain import customers
from webarena_mini.sites.shop.domain.content import phrases
from webarena_mini.sites.shop.pages.visit import Visit

ADDRESS_BOOK = "/customer/address/"


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
    if "number" in visit.request.path_params:
        row = visit.db.one("select * from address where id = ? and customer = ?", number, visit.customer_id)
        if row is None:
            return _no_such_address(visit)
        values = dict(row)
    else:
        values.update(first_name=customer["first_name"], last_name=customer["last_name"])
    return _address_page(visit, values=values, errors={})


def _no_such_address(visit: Visit) -> Response:
    visit.error("There is no such address in your account.")
    return visit.redirect(ADDRESS_BOOK)


def _address_page(visit: Visit, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    number, customer = visit.path_id(), visit.customer() or {}
    return visit.page(
        "address_form.html",
        refused=bool(errors),
        number=number,
        values=values,
        errors=errors,
        states=phrases()["states"],
        is_billing=bool(number) and customer.get("billing_address") == number,
        is_shipping=bool(number) and customer.get("shipping_address") == number,
    )


def post_address(visit: Visit) -> Response:
    number, customer_id = visit.path_id(), visit.customer_id
    is_own = visit.db.one("select 1 from address where id = ? and customer = ?", number, customer_id) is not None
    if "number" in visit.request.path_params and not is_own:
        return _no_such_address(visit)
    fields = customers.address_fields(visit.field)
    errors = customers.address_errors(fields)
    if customer_id is None or errors:
        return _address_page(visit, values=fields, errors=errors)
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
    elif visit.db.one("select 1 from address where id = ? and customer = ?", number, visit.customer_id) is None:
        return _no_such_address(visit)
    else:
        visit.db.run("delete from address where id = ?", number)
        visit.notice("You deleted the address.")
    return visit.redirect(ADDRESS_BOOK)

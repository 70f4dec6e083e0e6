"""The address book of a customer: adding, changing and deleting addresses."""

from starlette.responses import Response

from webarena_mini.kit.addresses import ADDRESS_FIELDS, missing_fields
from webarena_mini.sites.admin.pages.customers import edit_path
from webarena_mini.sites.admin.pages.visit import Visit

_GONE = "This address no longer exists."
_COUNTRY = "United States"


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from address where id = ?", visit.path_id())
    return visit.not_found(_GONE) if row is None else _form(visit, row["customer"], dict(row), {})


def new(visit: Visit) -> Response:
    customer = visit.db.one("select * from customer where id = ?", visit.path_id())
    if customer is None:
        return visit.not_found("This customer no longer exists.")
    names = {name: customer[name] for name in ("first_name", "last_name")}
    return _form(visit, customer["id"], {**dict.fromkeys(ADDRESS_FIELDS, ""), **names, "country": _COUNTRY}, {})


def _form(visit: Visit, customer: int, values: dict[str, str], errors: dict[str, str]) -> Response:
    page = {"title": "Edit Address" if values.get("id") else "Add New Address", "values": values, "errors": errors}
    return visit.page("order_address.html", status_code=200, refused=bool(errors), back=_book(customer), **page)


def _book(customer: int) -> str:
    return f"{edit_path(customer)}?tab=addresses"


def _read(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name)[:120] for name in ADDRESS_FIELDS}


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from address where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    values = _read(visit)
    if errors := missing_fields(values):
        return _form(visit, row["customer"], {**values, "id": row["id"]}, errors)
    changes = ", ".join(f"{name} = ?" for name in values)
    visit.db.run(f"update address set {changes} where id = ?", *values.values(), row["id"])
    visit.notice("Customer address was updated.")
    return visit.redirect(_book(row["customer"]))


def create(visit: Visit) -> Response:
    customer = visit.path_id()
    if visit.db.one("select 1 from customer where id = ?", customer) is None:
        return visit.not_found("This customer no longer exists.")
    values = _read(visit)
    if errors := missing_fields(values):
        return _form(visit, customer, values, errors)
    visit.db.insert("address", customer=customer, **values)
    visit.notice("Customer address was added.")
    return visit.redirect(_book(customer))


def delete(visit: Visit) -> Response:
    row = visit.db.one("select * from address where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    visit.db.run("delete from address where id = ?", row["id"])
    visit.notice("You deleted the address.")
    return visit.redirect(_book(row["customer"]))

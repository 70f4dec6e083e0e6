"""The customer grid and a customer's account, addresses, orders and reviews."""

from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.content import GROUPS, ORDER_STATUSES, REVIEW_STATUSES
from webarena_mini.sites.admin.domain.money import parse_day
from webarena_mini.sites.admin.pages.lists import chosen
from webarena_mini.sites.admin.pages.visit import Visit

_TABS = {
    "view": "Customer View",
    "account": "Account Information",
    "addresses": "Addresses",
    "orders": "Orders",
    "reviews": "Product Reviews",
}
_FIELDS = ("first_name", "last_name", "email", "gender", "birthday")
_GENDERS = ("", "Female", "Male", "Not Specified")
_GONE = "This customer no longer exists."
_BOUGHT = (
    "select i.product, i.sku, i.name, i.options, sum(i.qty) as qty, sum(i.qty * i.price) as total,"
    " max(o.created_at) as newest, exists (select 1 from product where id = i.product) as exists_still"
    " from order_item i join sales_order o on o.id = i.sales_order"
    " where o.customer = ? and o.status not in ('canceled', 'fraud') group by i.product order by qty desc, newest desc"
    " limit 10"
)


def edit_path(number: int) -> str:
    return f"/admin/customer/index/edit/id/{number}/"


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from customer where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    tab = visit.query("tab")
    return _page(visit, dict(row), tab if tab in _TABS else "view", {})


def new(visit: Visit) -> Response:
    blank: dict[str, object] = {
        **dict.fromkeys(_FIELDS, ""),
        "id": None,
        "group_id": 1,
        "newsletter": 0,
        "created_at": "",
    }
    return _page(visit, blank, "account", {})


def _page(visit: Visit, values: dict[str, object], tab: str, errors: dict[str, str]) -> Response:
    db, number = visit.db, values["id"]
    orders = db.all("select * from sales_order where customer = ? order by id desc", number)
    counted = [order["total"] for order in orders if order["status"] not in ("canceled", "fraud")]
    return visit.page(
        "customer.html",
        refused=bool(errors),
        title=f"{values['first_name']} {values['last_name']}" if number else "New Customer",
        values=values,
        errors=errors,
        tab=tab,
        tabs=_TABS if number else {"account": _TABS["account"]},
        groups={key: GROUPS[key] for key in (1, 2, 3)},
        genders=_GENDERS,
        status_names=ORDER_STATUSES,
        addresses=db.all("select * from address where customer = ? order by id", number),
        orders=orders,
        lifetime=sum(counted),
        average=sum(counted) // len(counted) if counted else 0,
        reviews=db.all(
            "select r.*, p.name as product_name from review r join product p on p.id = r.product"
            " where r.customer = ? order by r.id desc",
            number,
        ),
        review_statuses=REVIEW_STATUSES,
        bought=db.all(_BOUGHT, number),
        path=edit_path(number) if isinstance(number, int) else "/admin/customer/index/new/",
    )


def _read(visit: Visit, number: int | None) -> tuple[dict[str, object], dict[str, str]]:
    values: dict[str, object] = {name: visit.field(name)[:120] for name in _FIELDS}
    group, birthday = visit.field("group_id"), parse_day(visit.field("birthday"))
    if values["gender"] not in _GENDERS:
        values["gender"] = ""
    values |= {"group_id": int(group) if group in ("1", "2", "3") else 1, "newsletter": int("newsletter" in visit.form)}
    errors = {name: "This is a required field." for name in ("first_name", "last_name", "email") if not values[name]}
    if birthday is not None and birthday < visit.now.date():
        values["birthday"] = str(birthday)
    elif values["birthday"]:
        errors["birthday"] = "Please enter a day in the past, such as 2/28/1990."
    if "email" not in errors and not is_email(str(values["email"])):
        errors["email"] = "Please enter a valid email address."
    elif visit.db.one("select 1 from customer where email = ? and id is not ?", values["email"], number):
        errors["email"] = "A customer with the same email address already exists."
    return values, errors


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from customer where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    values, errors = _read(visit, row["id"])
    if errors:
        return _page(visit, {**dict(row), **values}, "account", errors)
    changes = ", ".join(f"{name} = ?" for name in values)
    visit.db.run(f"update customer set {changes} where id = ?", *values.values(), row["id"])
    visit.notice("You saved the customer.")
    return visit.redirect(edit_path(row["id"]) + "?tab=account")


def create(visit: Visit) -> Response:
    values, errors = _read(visit, None)
    if errors:
        return _page(visit, {**values, "id": None, "created_at": ""}, "account", errors)
    number = visit.db.insert("customer", **values, created_at=visit.tick())
    visit.notice("You saved the customer.")
    return visit.redirect(edit_path(number))


def delete(visit: Visit) -> Response:
    number = visit.path_id()
    if visit.db.one("select 1 from customer where id = ?", number) is None:
        return visit.not_found(_GONE)
    _delete(visit, number)
    visit.notice("You deleted the customer.")
    return visit.redirect(grids.CUSTOMERS.path)


def _delete(visit: Visit, number: int) -> None:
    visit.db.run("update sales_order set customer = null where customer = ?", number)
    visit.db.run("update review set customer = null where customer = ?", number)
    visit.db.run("delete from address where customer = ?", number)
    visit.db.run("delete from customer where id = ?", number)


def mass_action(visit: Visit) -> Response:
    what, numbers = visit.field("action"), chosen(visit)
    if what not in grids.CUSTOMERS.mass:
        visit.error("Please choose an action.")
    elif numbers:
        for number in numbers:
            if what == "delete":
                _delete(visit, number)
            else:
                visit.db.run("update customer set newsletter = ? where id = ?", int(what == "subscribe"), number)
        visit.notice(f"A total of {len(numbers)} record(s) were {'deleted' if what == 'delete' else 'updated'}.")
    return visit.back(grids.CUSTOMERS.path)

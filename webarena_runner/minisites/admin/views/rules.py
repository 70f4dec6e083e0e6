"""Cart price rules: their grid and their form."""

from functools import partial

from starlette.responses import Response

from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.admin import grids
from webarena_runner.minisites.admin.content import GROUPS, RULE_ACTIONS, WEBSITES
from webarena_runner.minisites.admin.money import parse_day, parse_money
from webarena_runner.minisites.admin.routing import Routes
from webarena_runner.minisites.admin.views.lists import grid_page
from webarena_runner.minisites.admin.visit import Visit

_REQUIRED = "This is a required field."
_NEW_RULE: dict[str, object] = {
    "id": None, "name": "", "description": "", "is_active": 1, "website_ids": "", "customer_group_ids": "",
    "coupon_code": "", "uses_per_coupon": 0, "uses_per_customer": 0, "from_date": "", "to_date": "", "sort_order": 0,
    "simple_action": "by_percent", "discount_amount": 0, "discount_qty": 0, "stop_rules": 0,
}  # fmt: skip


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from price_rule where id = ?", visit.path_id())
    if row is None:
        return visit.not_found("This rule no longer exists.")
    return _form(visit, dict(row), {})


def new(visit: Visit) -> Response:
    return _form(visit, _NEW_RULE, {})


def _form(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    title = str(values["name"]) if values["id"] else "New Cart Price Rule"
    lists = {"websites": WEBSITES, "groups": GROUPS, "actions": RULE_ACTIONS}
    code = 422 if errors else 200
    return visit.page("price_rule.html", status_code=code, title=title, values=values, errors=errors, **lists)


def _read(visit: Visit) -> tuple[dict[str, object], dict[str, str]]:
    errors: dict[str, str] = {}
    values: dict[str, object] = {name: visit.field(name) for name in ("name", "description", "coupon_code")}
    values |= {name: int(name in visit.form) for name in ("is_active", "stop_rules")}
    for name in ("uses_per_coupon", "uses_per_customer", "sort_order", "discount_qty"):
        values[name] = to_int(visit.field(name), low=0, high=99_999, default=0)
    for name, choices in (("website_ids", WEBSITES), ("customer_group_ids", GROUPS)):
        picked = [key for key in choices if str(key) in visit.fields(name)]
        values[name] = ",".join(map(str, picked))
        if not picked:
            errors[name] = _REQUIRED
    for name in ("from_date", "to_date"):
        day = parse_day(visit.field(name))
        values[name] = str(day) if day else ""
        if visit.field(name) and day is None:
            errors[name] = "Please enter a date such as 2/28/2023."
    action, amount = visit.field("simple_action"), parse_money(visit.field("discount_amount"))
    values |= {"simple_action": action if action in RULE_ACTIONS else "by_percent", "discount_amount": amount or 0}
    if amount is None:
        errors["discount_amount"] = "Please enter a number 0 or greater in this field."
    elif action == "by_percent" and amount > 10_000:
        errors["discount_amount"] = "A percentage is at most 100."
    if not values["name"]:
        errors["name"] = _REQUIRED
    return values, errors


def save(visit: Visit) -> Response:
    number = visit.path_id() or None
    row = visit.db.one("select * from price_rule where id = ?", number)
    if number is not None and row is None:
        return visit.not_found("This rule no longer exists.")
    values, errors = _read(visit)
    if errors:
        visit.error("The rule could not be saved. Please look at the fields below.")
        return _form(visit, {"id": number, **values}, errors)
    if number is None:
        number = visit.db.insert("price_rule", **values)
    else:
        changes = ", ".join(f"{name} = ?" for name in values)
        visit.db.run(f"update price_rule set {changes} where id = ?", *values.values(), number)
    visit.notice("You saved the rule.")
    stays = visit.field("back") == "edit"
    return visit.redirect(f"/admin/sales_rule/promo_quote/edit/id/{number}/" if stays else grids.RULES.path)


def delete(visit: Visit) -> Response:
    visit.db.run("delete from price_rule where id = ?", visit.path_id())
    visit.notice("You deleted the rule.")
    return visit.redirect(grids.RULES.path)


def routes() -> Routes:
    base = "/admin/sales_rule/promo_quote"
    return {
        f"{base}/": (partial(grid_page, grid=grids.RULES), None),
        f"{base}/edit/id/{{number}}/": (edit, save),
        f"{base}/new/": (new, save),
        f"{base}/delete/id/{{number}}/": (None, delete),
    }

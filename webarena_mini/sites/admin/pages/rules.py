"""Cart price rules: their grid and their form."""

import re

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.content import GROUPS, ORDER_STATUSES, RULE_ACTIONS, WEBSITES
from webarena_mini.sites.admin.domain.money import parse_day, parse_money, trimmed
from webarena_mini.sites.admin.pages.visit import Visit

_REQUIRED = "This is a required field."
_GONE = "This rule no longer exists."
_SAME_COUPON = "select 1 from price_rule where coupon_code = ? collate nocase and id is not ?"
_NEW_RULE: dict[str, object] = {
    "id": None, "name": "", "description": "", "is_active": 1, "website_ids": "", "customer_group_ids": "",
    "coupon_code": "", "uses_per_coupon": 0, "uses_per_customer": 0, "from_date": "", "to_date": "", "sort_order": 0,
    "simple_action": "by_percent", "discount_amount": 0, "discount_qty": 0, "stop_rules": 0,
}  # fmt: skip


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from price_rule where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    return _form(visit, dict(row), {})


def new(visit: Visit) -> Response:
    return _form(visit, _NEW_RULE, {})


def _form(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    title = str(values["name"]) if values["id"] else "New Cart Price Rule"
    coupon = visit.db.value("select coupon_code from price_rule where id = ? and coupon_code != ''", values["id"])
    lists: dict[str, object] = {
        "websites": WEBSITES,
        "groups": GROUPS,
        "actions": RULE_ACTIONS,
        "status_names": ORDER_STATUSES,
        "amount": visit.field("discount_amount") if errors else trimmed(int(str(values["discount_amount"]))),
        "orders": visit.db.all("select * from sales_order where coupon = ? order by id desc limit 20", coupon),
        "used": visit.db.one(
            "select count(*) as orders, coalesce(sum(discount), 0) as discount, coalesce(sum(total), 0) as total"
            " from sales_order where coupon = ? and status != 'canceled'",
            coupon,
        ),
    }
    lists |= {"title": title, "values": values, "errors": errors}
    return visit.page("price_rule.html", status_code=200, refused=bool(errors), **lists)


def _read(visit: Visit, number: int | None) -> tuple[dict[str, object], dict[str, str]]:
    values: dict[str, object] = {
        "name": visit.field("name")[:255],
        "description": visit.field("description"),
        "coupon_code": visit.field("coupon_code")[:64],
        **{name: int(name in visit.form) for name in ("is_active", "stop_rules")},
    }
    errors = {} if values["name"] else {"name": _REQUIRED}
    for name, choices in (("website_ids", WEBSITES), ("customer_group_ids", GROUPS)):
        picked = [key for key in choices if str(key) in visit.fields(name)]
        values[name] = ",".join(map(str, picked))
        if not picked:
            errors[name] = _REQUIRED
    if values["coupon_code"] and visit.db.one(_SAME_COUPON, values["coupon_code"], number):
        errors["coupon_code"] = "Coupon with the same code already exists."
    for part in (_read_numbers, _read_days, _read_action):
        found, wrong = part(visit)
        values |= found
        errors |= wrong
    return values, errors


def _read_numbers(visit: Visit) -> tuple[dict[str, object], dict[str, str]]:
    names = ("uses_per_coupon", "uses_per_customer", "sort_order", "discount_qty")
    values: dict[str, object] = {name: visit.field(name)[:5] or "0" for name in names}
    wrong = (name for name, text in values.items() if not re.fullmatch("[0-9]+", str(text)))
    return values, dict.fromkeys(wrong, "Please enter a whole number, 0 or greater.")


def _read_days(visit: Visit) -> tuple[dict[str, object], dict[str, str]]:
    days = {name: parse_day(visit.field(name)) for name in ("from_date", "to_date")}
    wrong = (name for name, day in days.items() if day is None and visit.field(name))
    errors = dict.fromkeys(wrong, "Please enter a date such as 2/28/2023.")
    first, last = days.values()
    if first and last and first > last:
        errors["to_date"] = "The last day is before the first one."
    return {name: str(day) if day else visit.field(name) for name, day in days.items()}, errors


def _read_action(visit: Visit) -> tuple[dict[str, object], dict[str, str]]:
    action, amount = visit.field("simple_action"), parse_money(visit.field("discount_amount"))
    errors = {}
    if amount is None:
        errors["discount_amount"] = "Please enter a number 0 or greater in this field."
    elif action == "by_percent" and amount > 10_000:
        errors["discount_amount"] = "A percentage is at most 100."
    return {
        "simple_action": action if action in RULE_ACTIONS else "by_percent",
        "discount_amount": amount or 0,
    }, errors


def save(visit: Visit) -> Response:
    number = visit.path_id() or None
    row = visit.db.one("select * from price_rule where id = ?", number)
    if number is not None and row is None:
        return visit.not_found(_GONE)
    values, errors = _read(visit, number)
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
    if visit.db.one("select 1 from price_rule where id = ?", visit.path_id()) is None:
        return visit.not_found(_GONE)
    visit.db.run("delete from price_rule where id = ?", visit.path_id())
    visit.notice("You deleted the rule.")
    return visit.redirect(grids.RULES.path)

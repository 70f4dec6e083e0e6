"""Fills pages, price rules and themes, and the account that the store is run with."""

import sqlite3

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.database import insert
from webarena_mini.kit.passwords import hash_password
from webarena_mini.sites.admin.domain.content import store_pages

_SALT = "seed-admin"
_THEMES = (
    ("Solbrook Plain", "", "Solbrook/plain", "#ffffff", "#222222", "#4a4e57"),
    ("Solbrook Riverbank", "Solbrook Plain", "Solbrook/riverbank", "#fffdf9", "#2a2724", "#b4491f"),
    ("Solbrook Midnight", "Solbrook Riverbank", "Solbrook/midnight", "#171a2b", "#f0eee8", "#e9a23b"),
)
# The first pages are those that the store needs itself; the others are its texts.
_SYSTEM_PAGES = 3
_ALL_GROUPS = "0,1,2,3"
# Name, active, groups, coupon, from, to, action, amount in hundredths, description
_RULES = (
    (
        "Welcome coupon",
        1,
        _ALL_GROUPS,
        "WELCOME10",
        "2021-11-02",
        "",
        "by_percent",
        1000,
        "For newcomers, and for those who come back.",
    ),
    (
        "Trail weeks",
        1,
        _ALL_GROUPS,
        "TRAIL15",
        "2022-01-01",
        "2023-12-31",
        "by_percent",
        1500,
        "For the hiking clubs' papers.",
    ),
    ("Student terms", 1, _ALL_GROUPS, "STUDENT15", "2022-01-01", "", "by_percent", 1500, "Checked by school address."),
    (
        "Wholesale baskets",
        0,
        "2",
        "",
        "2023-09-01",
        "",
        "cart_fixed",
        2500,
        "Off every basket of a club, from fall on.",
    ),
    ("Two mats, one free", 0, _ALL_GROUPS, "", "2022-05-01", "2022-05-31", "buy_x_get_y", 100, "Yoga month."),
    ("Black Friday 2022", 0, _ALL_GROUPS, "BF22", "2022-11-25", "2022-11-28", "by_percent", 2500, ""),
    ("Winter clearance", 0, "1", "", "2023-01-20", "2023-02-10", "by_fixed", 1000, "Beanies and down jackets."),
)


def fill_shopfront(db: sqlite3.Connection) -> None:
    account, password = ACCOUNTS["shopping_admin"]
    insert(
        db,
        "admin_user",
        id=1,
        username=account,
        first_name="Robin",
        last_name="Hale",
        password=hash_password(password, _SALT),
    )
    for number, (identifier, title, heading, content) in enumerate(store_pages(), start=1):
        made = f"2021-11-{number + 2:02} 09:{number * 3:02}:00"
        values = {"identifier": identifier, "title": title, "heading": heading, "content": content}
        layout = "2 columns with left bar" if number > _SYSTEM_PAGES else "1 column"
        insert(db, "cms_page", layout=layout, created_at=made, updated_at=made, **values)
    for order, (name, active, groups, coupon, start, end, action, amount, description) in enumerate(_RULES):
        when = {"from_date": start, "to_date": end, "sort_order": order}
        what = {"simple_action": action, "discount_amount": amount, "description": description}
        who = {"is_active": active, "website_ids": "1", "customer_group_ids": groups, "coupon_code": coupon}
        insert(db, "price_rule", name=name, **who, **what, **when)
    columns = ("title", "parent", "path", "ground", "ink", "accent")
    for theme in _THEMES:
        insert(db, "theme", **dict(zip(columns, theme, strict=True)))

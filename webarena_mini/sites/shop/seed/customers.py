"""Fills customers, their addresses, and what is the official account's own: reviews and a wish list."""

import random
import sqlite3
from datetime import datetime, timedelta

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.addresses import ADDRESS_FIELDS
from webarena_mini.kit.database import execute, insert
from webarena_mini.kit.passwords import hash_password
from webarena_mini.sites.shop.domain.content import categories, phrases
from webarena_mini.sites.shop.domain.customers import COUNTRY
from webarena_mini.sites.shop.seed.products import SEED, moment_between, review_text, stamp

OFFICIAL_EMAIL, OFFICIAL_PASSWORD = ACCOUNTS["shopping"]
OFFICIAL_ID = 27
OTHER_CUSTOMERS = 24
OFFICIAL_ADDRESSES = (
    ("Emma", "Lopez", "", "48 Juniper Way", "Apt 5", "San Mateo", "California", "94401", COUNTRY, "6505550148"),
    ("Emma", "Lopez", "Brightwater Studio", "210 Foundry Street", "", "Oakland")
    + ("California", "94607", COUNTRY, "5105550177"),
    ("Lucia", "Lopez", "", "7 Harbor View", "", "Monterey", "California", "93940", COUNTRY, "8315550122"),
)
WISHED_FROM, WISHED_TO = datetime.fromisoformat("2023-05-01 00:00:00"), datetime.fromisoformat("2023-06-01 00:00:00")


def fill_customers(db: sqlite3.Connection) -> None:
    rng = random.Random(f"{SEED}:customers")
    _write_customer(db, OFFICIAL_ID, OFFICIAL_EMAIL, "Emma", "Lopez", OFFICIAL_PASSWORD)
    for number, address in enumerate(OFFICIAL_ADDRESSES, start=1):
        _write_address(db, number, OFFICIAL_ID, address)
    _set_defaults(db, OFFICIAL_ID, 1)
    for offset in range(OTHER_CUSTOMERS):
        customer, number = OFFICIAL_ID + 1 + offset, 10 + offset
        first, last = phrases()["first_names"][offset], phrases()["last_names"][offset]
        _write_customer(db, customer, f"{first}.{last}@mail.example".lower(), first, last, f"{last}.{customer}")
        city, region, postcode = rng.choice(phrases()["cities"])
        street = f"{rng.randint(2, 480)} {rng.choice(phrases()['streets'])}"
        phone = f"{rng.randint(200, 989)}555{rng.randint(100, 199):04}"
        address = (first, last, "", street, "", city, region, postcode, COUNTRY, phone)
        _write_address(db, number, customer, address)
        _set_defaults(db, customer, number)


def _write_customer(db: sqlite3.Connection, customer: int, email: str, first: str, last: str, password: str) -> None:
    insert(
        db,
        "customer",
        id=customer,
        email=email,
        first_name=first,
        last_name=last,
        password=hash_password(password, f"seed{customer}"),
        created_at="2022-01-03 10:00:00",
    )


def _write_address(db: sqlite3.Connection, number: int, customer: int, fields: tuple[str, ...]) -> None:
    insert(db, "address", id=number, customer=customer, **dict(zip(ADDRESS_FIELDS, fields, strict=True)))


def _set_defaults(db: sqlite3.Connection, customer: int, number: int) -> None:
    execute(db, "update customer set billing_address = ?1, shipping_address = ?1 where id = ?2", number, customer)


def fill_official_extras(db: sqlite3.Connection) -> None:
    """Reviews of five things that the official account bought, and three wishes; needs the orders."""
    rng = random.Random(f"{SEED}:extras")
    bought = db.execute(
        "select i.product, p.kind, min(o.created_at) from order_item i join sales_order o on o.id = i.sales_order"
        " join product p on p.id = i.product"
        " where o.customer = ? and o.status = 'Complete' group by i.product order by i.product",
        (OFFICIAL_ID,),
    ).fetchall()
    shelves = [shelf for category in categories() for shelf in category.shelves]
    for product, kind, bought_at in rng.sample(bought, 5):
        stars = rng.choice((3, 4, 5, 5))
        shelf = shelves[product // 100 - len(categories()) - 1]
        title, detail = review_text(rng, shelf.of_kind(kind), stars)
        written = stamp(datetime.fromisoformat(bought_at) + timedelta(days=rng.randint(4, 20)))
        opinion = {"nickname": "Emma", "title": title, "detail": detail, "stars": stars, "created_at": written}
        insert(db, "review", product=product, customer=OFFICIAL_ID, **opinion)
    fresh = db.execute("select id from product where stock > 0 and created_at > '2022-10-01' order by id").fetchall()
    for (product,) in rng.sample(fresh, 3):
        moment = stamp(moment_between(rng, WISHED_FROM, WISHED_TO))
        insert(db, "wish", customer=OFFICIAL_ID, product=product, added_at=moment)

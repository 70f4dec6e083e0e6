"""Fills customer groups, customers and their addresses."""

import sqlite3
from datetime import timedelta
from random import Random

from webarena_mini.kit.database import insert
from webarena_mini.sites.admin.domain.content import GROUPS, words
from webarena_mini.sites.admin.seed.calendar import FIRST_ORDER, LAST_ORDER, OPENED, SEED, moment_between, stamp

CUSTOMERS = 72
COUNTRY = "United States"
_GROUP_CHANCES = (1, 1, 1, 1, 1, 1, 2, 3)
_TAX_CLASSES = {0: "Retail Customer", 1: "Retail Customer", 2: "Wholesale Customer", 3: "Retail Customer"}


def fill_people(db: sqlite3.Connection) -> None:
    """Every customer has a name of their own and a first address; every fourth has a second one."""
    random = Random(f"{SEED}:people")
    db.executemany("insert into customer_group values (?, ?, ?)", [(g, GROUPS[g], _TAX_CLASSES[g]) for g in GROUPS])
    # A stream of its own: whoever has a birthday on record changes nothing else.
    birthdays = Random(f"{SEED}:birthdays")
    names = [(first, last) for first in words().first_names for last in words().last_names]
    # Two thirds of them joined before the first order, so that the early orders come from many.
    for number, (first, last) in enumerate(random.sample(names, CUSTOMERS), start=1):
        latest = FIRST_ORDER if number <= CUSTOMERS * 2 // 3 else LAST_ORDER - timedelta(days=20)
        group = random.choice(_GROUP_CHANCES)
        insert(
            db,
            "customer",
            id=number,
            first_name=first,
            last_name=last,
            email=f"{first}.{last}@{random.choice(words().mail_hosts)}".lower(),
            group_id=group,
            gender=random.choice(("", "Female", "Male", "Not Specified")),
            birthday=_birthday(birthdays),
            newsletter=int(random.random() < 0.4),
            created_at=stamp(moment_between(random, OPENED, latest)),
        )
        for _ in range(2 if number % 4 == 0 else 1):
            insert(db, "address", customer=number, **made_up_address(random, first, last, at_work=group != 1))


def _birthday(random: Random) -> str:
    """That of a grown-up; half of the customers told it."""
    day = OPENED - timedelta(days=random.randint(20 * 365, 70 * 365))
    return f"{day:%Y-%m-%d}" if random.random() < 0.5 else ""


def made_up_address(random: Random, first: str, last: str, *, at_work: bool) -> dict[str, str]:
    city, region, postcode = random.choice(words().cities)
    return {
        "first_name": first,
        "last_name": last,
        "company": random.choice(words().companies) if at_work else "",
        "street": f"{random.randint(2, 980)} {random.choice(words().streets)}",
        "street2": random.choice(("", "", "", "Apt 3", "Unit 12", "Floor 2")),
        "city": city,
        "region": region,
        "postcode": postcode,
        "country": COUNTRY,
        "phone": f"({random.randint(210, 989)}) 555-{random.randint(100, 199):04}",
    }

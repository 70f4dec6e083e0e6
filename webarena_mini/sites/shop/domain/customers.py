"""Accounts and addresses: passwords, the address book, the text of an address."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from webarena_mini.kit.addresses import ADDRESS_FIELDS, missing_fields
from webarena_mini.kit.database import Database
from webarena_mini.kit.passwords import hash_password, password_matches
from webarena_mini.sites.shop.domain.content import phrases

COUNTRY = "United States"


def check_password(db: Database, email: str, password: str) -> int | None:
    """Id of the customer, or None where the email is unknown or the password is wrong."""
    row = db.one("select id, password from customer where email = ?", email)
    return int(row["id"]) if row and password_matches(password, row["password"]) else None


def is_taken(db: Database, email: str, customer: int | None) -> bool:
    """Whether an account other than the customer's own has this email."""
    return db.one("select 1 from customer where email = ? and id is not ?", email, customer) is not None


def address_fields(posted: Callable[[str], str]) -> dict[str, str]:
    """An address from a posted form; the shop delivers to one country."""
    return {name: posted(name)[:200] for name in ADDRESS_FIELDS} | {"country": COUNTRY}


def address_errors(fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with an address, by field name."""
    errors = missing_fields(fields)
    if "region" not in errors and fields["region"] not in phrases()["states"]:
        errors["region"] = "Please select a state."
    if "phone" not in errors and not re.search(r"\d", fields["phone"]):
        errors["phone"] = "Please enter a phone number."
    return errors


def address_text(address: Mapping[str, Any]) -> str:
    """An address as it is printed, one line each for name, company, street, city and so on."""
    lines = [
        f"{address['first_name']} {address['last_name']}",
        address["company"],
        address["street"],
        address["street2"],
        f"{address['city']}, {address['region']}, {address['postcode']}",
        address["country"],
        f"T: {address['phone']}",
    ]
    return "\n".join(line for line in lines if line)


def save_address(db: Database, customer: int, fields: Mapping[str, str], number: int | None) -> int:
    """Writes a new address (`number` None) or changes one of the customer's own; returns its id."""
    values = [fields[name] for name in ADDRESS_FIELDS]
    if number is None:
        return db.insert("address", customer=customer, **dict(zip(ADDRESS_FIELDS, values, strict=True)))
    changes = ", ".join(f"{name} = ?" for name in ADDRESS_FIELDS)
    db.run(f"update address set {changes} where id = ? and customer = ?", *values, number, customer)
    return number


def set_default_address(db: Database, customer: int, number: int, *, billing: bool, shipping: bool) -> None:
    if billing:
        db.run("update customer set billing_address = ? where id = ?", number, customer)
    if shipping:
        db.run("update customer set shipping_address = ? where id = ?", number, customer)


def create_customer(db: Database, *, first_name: str, last_name: str, email: str, password: str, now: str) -> int:
    return db.insert(
        "customer",
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=hash_password(password),
        created_at=now,
    )


def rename(db: Database, customer: int, *, first_name: str, last_name: str, email: str) -> None:
    names = (first_name, last_name, email)
    db.run("update customer set first_name = ?, last_name = ?, email = ? where id = ?", *names, customer)


def set_newsletter(db: Database, customer: int, *, wanted: bool) -> None:
    db.run("update customer set newsletter = ? where id = ?", int(wanted), customer)


def set_password(db: Database, customer: int, password: str) -> None:
    db.run("update customer set password = ? where id = ?", hash_password(password), customer)

"""Addresses: the fields of postal ones, and which of them must be filled in; what an email address looks like."""

import re
from collections.abc import Mapping

ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "street", "street2", "city", "region", "postcode", "country", "phone",
)  # fmt: skip
REQUIRED_ADDRESS_FIELDS = {
    "first_name": "First Name",
    "last_name": "Last Name",
    "phone": "Phone Number",
    "street": "Street Address",
    "city": "City",
    "region": "State/Province",
    "postcode": "Zip/Postal Code",
    "country": "Country",
}

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_LONGEST_EMAIL = 254


def is_email(text: str) -> bool:
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def missing_fields(address: Mapping[str, str]) -> dict[str, str]:
    """A message for each required field that is empty, by field name."""
    return {name: "This is a required field." for name in REQUIRED_ADDRESS_FIELDS if not address[name]}

"""What delivery and tax cost, and how amounts and dates are written and read."""

import re
from datetime import date, datetime

from webarena_mini.sites.admin.domain.content import words

FREE_DELIVERY_FROM = 12_000
_DELIVERY = {"Standard Delivery": 700, "Next-Day Delivery": 1_500}
_DAY_FORMATS = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d")


def delivery_price(method: str, subtotal: int) -> int:
    """Cents; standard delivery is free from 120 dollars."""
    return 0 if method == "Standard Delivery" and subtotal >= FREE_DELIVERY_FROM else _DELIVERY[method]


def tax(region: str, amount: int) -> int:
    """Sales tax in cents of an amount sent to a state; most states have none here."""
    return round(amount * words().tax_rates.get(region, 0) / 10_000)


def money(cents: int) -> str:
    return f"-${-cents / 100:,.2f}" if cents < 0 else f"${cents / 100:,.2f}"


def decimal(cents: int) -> str:
    """As form fields show an amount: 60.00."""
    return f"{cents / 100:.2f}"


def trimmed(hundredths: int) -> str:
    """An amount that may be whole: 12, 12.5 or 12.25."""
    return f"{hundredths / 100:.2f}".rstrip("0").removesuffix(".")


def parse_money(text: str) -> int | None:
    """Cents of "60", "$60.5" or "1,060.00"; None where it is no amount from 0 to 10 million dollars."""
    plain = text.strip().removeprefix("$").replace(",", "")
    return round(float(plain) * 100) if re.fullmatch(r"\d{1,7}(\.\d{1,4})?", plain) else None


def parse_day(text: str) -> date | None:
    """A day as people type it, 2/1/23, 02/01/2023 or 2023-02-01; None where it is none."""
    for shape in _DAY_FORMATS:
        try:
            return datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007  the store has one time zone
        except ValueError:
            continue
    return None


def short_day(moment: str | date) -> str:
    """As date fields show it: 2/1/23."""
    day = moment if isinstance(moment, date) else datetime.fromisoformat(moment)
    return f"{day.month}/{day.day}/{day:%y}"


def us_day(day: str) -> str:
    """With all digits of the year, for birthdays: 2/1/1990."""
    at = datetime.fromisoformat(day)
    return f"{at.month}/{at.day}/{at.year}"


def long_day(moment: str) -> str:
    day = datetime.fromisoformat(moment)
    return f"{day:%b} {day.day}, {day.year}"


def long_moment(moment: str) -> str:
    at = datetime.fromisoformat(moment)
    return f"{at:%b} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"

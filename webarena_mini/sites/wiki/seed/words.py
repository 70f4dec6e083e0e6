"""Small pieces of English, and the markup that articles are written in: '''bold''', ''italic'', [[Target|text]]."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random
from typing import Any

from webarena_mini.sites.wiki import FOLDER

# Names that begin with a person or a saint, or end like the name of a square, are used without an article.
_BARE = re.compile(
    r"^(?:\w+'s|Fort|Saint|Pier|Lake|University of) "
    r"|(?:Abbey|Airport|Castle|Cathedral|Dam|Ground|Hall|Lookout|Market|Meadow|Park|Spa|Spring|Stadium|Stairs|Station"
    r"|Days|Games|Week|Ferries|Ironworks|Railways|Company|Junction)$"
)


@cache
def data(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / "data" / f"{name}.toml").read_text("utf-8"))


@cache
def words(name: str) -> Sequence[str]:
    """One of the lists in `words.toml`."""
    return tuple(data("words")[name])


def link(name: str, text: str = "") -> str:
    return f"[[{name}|{text}]]" if text and text != name else f"[[{name}]]"


def joined(items: Iterable[str]) -> str:
    """ "a, b and c"."""
    listed = list(items)
    return " and ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed)


def links(names: Iterable[str]) -> str:
    return joined(link(name) for name in names)


def number(value: float) -> str:
    return f"{value:,}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' or noun.startswith('up') else 'a'} {noun}"


def a_day(rng: Random, month: str = "") -> str:
    """ "12 May"; never a day that some month lacks."""
    return f"{rng.randint(1, 28)} {month or rng.choice(words('months'))}"


def age(born: str, died: str) -> int:
    """Full years between two dates such as "12 May 1901"."""
    (start_day, start_month, start), (end_day, end_month, end) = born.split(), died.split()
    order = words("months").index
    early = (order(end_month), int(end_day)) < (order(start_month), int(start_day))
    return int(end) - int(start) - early


def spelled(hours: str) -> str:
    """Opening hours with the days in full: "Tuesday to Sunday 10:00 to 17:00"."""
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        hours = re.sub(rf"\b{day[:2]}\b", day, hours)
    return "at all hours" if hours == "24/7" else hours.replace("-", " to ").replace(";", " and")


def somebody(rng: Random) -> str:
    return f"{rng.choice(words('first'))} {rng.choice(words('last'))}"


def duration(minutes: int) -> str:
    if minutes >= 2880:
        return f"{minutes // 1440} days"
    if minutes >= 120:
        hours, rest = divmod(minutes, 60)
        return f"{hours} hours" + (f" and {rest} minutes" if rest else "")
    return f"{minutes} minutes"


def the(name: str) -> str:
    """ "the " where a sentence needs it before this name of a building, an event or a company, else ""."""
    return "" if _BARE.search(name) else "the "


def proper(name: str) -> str:
    """The name in bold, as the subject of a first sentence."""
    return capital(f"{the(name)}'''{name}'''")

"""How templates write figures and long texts."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from webarena_runner.report import units


def indented(value: Any) -> str:
    """A JSON value for people, its keys in their order."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def inline(value: Any) -> str:
    """A JSON value in one line."""
    return json.dumps(value, ensure_ascii=False)


def lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def head(text: str, characters: int = 20_000) -> str:
    """So much of a long text that a browser need not labour; `more` says of the rest."""
    return text[:characters]


def more(text: str, characters: int = 20_000) -> str:
    """ "" when `head` is all of it."""
    return f"{len(text) - characters:,} more characters are in the run folder" if len(text) > characters else ""


def brief(text: str, characters: int = 200) -> str:
    """One line of at most so many characters."""
    line = " ".join(text[: 4 * characters].split())
    return line if len(line) <= characters else f"{line[:characters].rstrip()}…"


FILTERS: Mapping[str, Callable[..., object]] = {
    "brief": brief,
    "head": head,
    "lines": lines,
    "more": more,
    "compact": units.compact,
    "duration": units.duration,
    "indented": indented,
    "milliseconds": units.milliseconds,
    "moment": units.moment,
    "money": units.money,
    "number": units.number,
    "percent": units.percent,
    "size": units.size,
}

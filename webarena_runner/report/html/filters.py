"""How templates write figures and long texts."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from webarena_runner.report import units


def indented(value: Any) -> str:
    """A JSON value for people, its keys in their order."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def brief(text: str, characters: int = 200) -> str:
    """One line of at most so many characters."""
    line = " ".join(text[: 4 * characters].split())
    return line if len(line) <= characters else f"{line[:characters].rstrip()}…"


FILTERS: Mapping[str, Callable[..., str]] = {
    "brief": brief,
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

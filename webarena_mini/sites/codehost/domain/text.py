"""How stored values become text on a page."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup, escape

from webarena_mini.kit.text import ago, counted, iso

_SLUG = re.compile(r"[^a-z0-9._-]+")
_HUES = ("#0b6e69", "#7a3e8f", "#9a3b26", "#2c5aa0", "#4d6b1f", "#8a5a00", "#a02c5d", "#3f5566")


def day_of(timestamp: int) -> date:
    return datetime.fromtimestamp(timestamp, UTC).date()


def day(timestamp: int) -> str:
    return day_text(day_of(timestamp).isoformat())


def day_text(iso_date: str) -> str:
    """ "2030-01-16" as "Jan 16, 2030"; "" stays ""."""
    return f"{date.fromisoformat(iso_date):%b %-d, %Y}" if iso_date else ""


def is_day(text: str) -> bool:
    """Whether it is a day of the calendar, written as 2030-01-16."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def moment(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%b %-d, %Y %-I:%M%p} UTC"


def amount(count: int, noun: str) -> str:
    """ "1 star", "0 stars": begins with the number that stands there, as the names of links have to."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def slugged(name: str) -> str:
    """A project or group name as part of a URL."""
    return _SLUG.sub("-", name.lower().strip()).strip("-.")


def hue(name: str) -> str:
    """The colour of a picture that stands for somebody or something, always the same for one name."""
    return _HUES[sum(name.encode()) % len(_HUES)]


def avatar(name: str, size: str = "") -> Markup:
    """The first letter on a coloured ground; decoration, since the name stands beside it."""
    letter = escape(name[:1].upper())
    return Markup(
        f'<span class="avatar{f" avatar--{size}" if size else ""}" style="background:{hue(name)}" aria-hidden="true">'
        f"{letter}</span>"
    )


def ink_on(color: str) -> str:
    """Black or white, whichever reads better on a label of this colour."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#1f2328" if red * 0.299 + green * 0.587 + blue * 0.114 > 150 else "#ffffff"


def labelled(names: Iterable[str]) -> str:
    """What the note says about new labels."""
    listed = list(names)
    return f"set the label{'' if len(listed) == 1 else 's'} {', '.join(listed)}"


def bare_url(url: str) -> str:
    return re.sub(r"^https?://", "", url).rstrip("/")


def size_text(size_bytes: int) -> str:
    return f"{size_bytes:,} bytes" if size_bytes < 1024 else f"{size_bytes / 1024:.1f} KiB"


def id_option(row: Mapping[str, Any]) -> tuple[int, str]:
    """A row as value and text of an option; people have a name, milestones a title."""
    return row["id"], row["name"] if "name" in row.keys() else row["title"]  # noqa: SIM118 - sqlite3.Row has no "in"


def name_option(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["name"], row["name"]


def person_option(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["username"], row["name"]


def title_option(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["title"], row["title"]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago,
    "amount": amount,
    "avatar": avatar,
    "bare_url": bare_url,
    "counted": counted,
    "day": day,
    "day_text": day_text,
    "id_option": id_option,
    "ink_on": ink_on,
    "iso": iso,
    "moment": moment,
    "name_option": name_option,
    "person_option": person_option,
    "size_text": size_text,
    "title_option": title_option,
}

"""What one look at a page has shown, whoever looked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Trouble(StrEnum):
    """Why no page came."""

    NONE = ""
    NAME = "its host name is not known"
    REFUSED = "nothing listens there"
    UNREACHABLE = "its host cannot be reached"
    UNSAFE_PORT = "Chromium opens no page on this port"
    TLS = "it does not speak https as it should"
    REDIRECTS = "it redirects without end"
    BROKEN = "it closes the connection without a whole answer"
    LATE = "no answer"
    UNENDING = "its answer begins and does not end"
    OTHER = "the page cannot be opened"


@dataclass(frozen=True)
class Seen:
    """`asked` is the address that was opened, `url` where that led.

    `elsewhere` is the address of another host that it led to and that was not asked, `date` what the server takes for
    now, `blocked` how often each host outside the fence was asked for, `detail` the words of whoever looked.
    """

    asked: str
    url: str
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    status: int = 0
    html: str = field(default="", repr=False)
    elsewhere: str = ""
    date: datetime | None = None
    elapsed_s: float = 0.0
    limit_s: float = 0.0
    blocked: Mapping[str, int] = field(default_factory=dict)


def date_of(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None

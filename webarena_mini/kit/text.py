"""How stored values become text on a page: Markdown, times, numbers."""

import re
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

_BARE_URL = re.compile(r"(?<![<(\[\"'\w])https?://[^\s<>()\[\]\"']*[^\s<>()\[\]\"'.,;:!?]")


_UNITS = (("year", 365 * 86400), ("month", 30 * 86400), ("week", 7 * 86400), ("day", 86400), ("hour", 3600))


@cache
def _parser() -> MarkdownIt:
    # Without raw HTML every tag in the output is one that the parser itself wrote.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    parser.add_render_rule("image", _image)
    return parser


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A picture of this site; one of another site only as a link, since pages ask nothing of other hosts."""
    source = str(tokens[index].attrs["src"])
    if source.startswith("/") and not source.startswith("//"):
        return self.image(tokens, index, options, env)
    return f'<a href="{escape(source)}">{escape(tokens[index].content or source)}</a>'


@lru_cache(maxsize=2000)
def markdown(source: str) -> Markup:
    """Safe HTML of a post; bare URLs become links."""
    return Markup(_parser().render(_BARE_URL.sub(r"<\g<0>>", source)))


def ago(then: int, now: int) -> str:
    """ "3 months ago" and the like, in the largest unit that is not zero."""
    elapsed_s = max(0, now - then)
    for unit, seconds in _UNITS:
        count = elapsed_s // seconds
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    minutes = elapsed_s // 60
    return f"{minutes} minute{'s' if minutes > 1 else ''} ago" if minutes else "just now"


def moment(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%B %-d, %Y at %H:%M} UTC"


def day(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%B %-d, %Y}"


def iso(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


def counted(count: int, noun: str) -> str:
    """ "1 comment", "2,314 comments", "No comments"."""
    if count == 0:
        return f"No {noun}s"
    return f"{count:,} {noun}{'' if abs(count) == 1 else 's'}"

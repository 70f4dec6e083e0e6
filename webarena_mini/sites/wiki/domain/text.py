"""From article markup to HTML or plain text, and from titles to paths."""

import re
from collections.abc import Container
from html import escape
from urllib.parse import quote

BOOK = "wikipedia_en_all_maxi_2022-05"
LANDING = "User:The_other_Kiwix_guy/Landing"
_LINK = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
_BOLD = re.compile(r"'''(.+?)'''")
_ITALIC = re.compile(r"''(.+?)''")


def path_of(title: str) -> str:
    return title.replace(" ", "_")


def href(title: str) -> str:
    """Relative to an article; a colon in the first part would read as a scheme."""
    url = quote(path_of(title), safe="!'(),:/")
    return f"./{url}" if ":" in url else url


def to_html(markup: str, known: Container[str]) -> str:
    """Raises KeyError for a link to an article that there is not."""

    def anchor(found: re.Match[str]) -> str:
        title, text = found[1], found[2] or found[1]
        if title not in known:
            raise KeyError(f"the article {title!r}, which {markup[:80]!r} links to, does not exist")
        return f'<a href="{href(title)}" title="{escape(title)}">{text}</a>'

    if "[[" not in markup and "''" not in markup:
        return escape(markup, quote=False)
    # Apostrophes stay as they are: bold and italic are written with them.
    html = _LINK.sub(anchor, escape(markup, quote=False))
    return _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", html))


def to_text(markup: str) -> str:
    if "[[" not in markup and "''" not in markup:
        return markup
    text = _LINK.sub(lambda found: found[2] or found[1], markup)
    return _ITALIC.sub(r"\1", _BOLD.sub(r"\1", text))

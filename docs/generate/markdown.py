"""Pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence

# Rich's markup in help texts: `\[` is a bracket, [b]..[/b] is bold, [dim] is left out.
_TAG = re.compile(r"(?<!\\)\[/?(b|bold|dim|i|italic)\]")
# An option in a help text, outside quotes.
_OPTION = re.compile(r"(?<![\w`-])--[a-z][a-z-]*")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def code(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def plain(rich_text: str) -> str:
    """A help text without its markup."""
    return _TAG.sub("", rich_text).replace("\\[", "[")


def marked(rich_text: str) -> str:
    """A help text as Markdown: bold stays bold, and what looks like a tag or a table stays text."""
    bold = re.sub(r"(?<!\\)\[/?(b|bold)\]", "**", rich_text)
    return _OPTION.sub(r"`\g<0>`", plain(bold).replace("<", "&lt;"))


def literal(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

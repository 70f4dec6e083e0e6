"""Titles of the open tabs, from the line that observations begin with."""

import re

_TAB = re.compile(r"(?:^| \| )Tab \d+(?: \(current\))?: ")


def tab_titles(text: str) -> tuple[str, ...]:
    """Of `Tab 0 (current): A | Tab 1: B`; () for a text that begins otherwise."""
    line = text.partition("\n")[0]
    return tuple(_TAB.split(line)[1:]) if _TAB.match(line) else ()

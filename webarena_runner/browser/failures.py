"""Telling what Playwright's errors mean: a failed action, or infrastructure that is gone."""

import re

from playwright.async_api import Error as PlaywrightError

GONE = re.compile(r"(Target|Page|page|browser|context)\b.*(crashed|has been closed)|Connection closed|Target closed")


def first_line(error: PlaywrightError) -> str:
    """The message without the name of Playwright's method and its call log."""
    line = error.message.strip().split("\n", 1)[0]
    return re.sub(r"^\w+\.\w+: ", "", line)


def target_gone(error: PlaywrightError) -> bool:
    """Whether the tab, its context or the browser is no longer there."""
    return bool(GONE.search(error.message))

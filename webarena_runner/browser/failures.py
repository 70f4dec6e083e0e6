"""Telling what Playwright's errors mean: a failed action, or infrastructure that is gone."""

import re

from playwright.async_api import Error as PlaywrightError

# At the start of the message: what stands later may quote an action or a page.
GONE = re.compile(
    r"(Protocol error \([\w.]+\): |Navigation failed because )?"
    r"((Target|[Pp]age|[Bb]rowser|[Cc]ontext)\b[\w ,]*\b(crashed|closed)|Connection closed)"
)


def first_line(error: PlaywrightError) -> str:
    """The message without the name of Playwright's method and its call log."""
    line = error.message.strip().split("\n", 1)[0]
    return re.sub(r"^\w+\.\w+: ", "", line)


def target_gone(error: PlaywrightError) -> bool:
    """Whether the tab, its context or the browser is no longer there."""
    return bool(GONE.match(first_line(error)))

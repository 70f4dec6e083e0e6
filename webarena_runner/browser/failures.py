"""Telling what Playwright's errors mean: a failed action, or infrastructure that is gone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Error as PlaywrightError

from webarena_runner.errors import BrowserError
from webarena_runner.time_limits import time_limit

# At the start of the message: what stands later may quote an action or a page.
# What a page's own script throws can be of any length.
MAX_CHARACTERS = 500
GONE = re.compile(
    r"(Protocol error \([\w.]+\): |Navigation failed because )?"
    r"((Target|[Pp]age|[Bb]rowser|[Cc]ontext)\b[\w ,]*\b(crashed|closed)|Connection closed)"
)


def first_line(error: PlaywrightError) -> str:
    """The message without the name of Playwright's method and its call log."""
    line = error.message.strip().split("\n", 1)[0]
    return re.sub(r"^\w+\.\w+: ", "", line)[:MAX_CHARACTERS]


def target_gone(error: PlaywrightError) -> bool:
    """Whether the tab, its context or the browser is no longer there."""
    return bool(GONE.match(first_line(error)))


@asynccontextmanager
async def answer_within(limit_s: float, what: str) -> AsyncIterator[None]:
    """For commands to which Playwright gives no limit of its own. Raises BrowserError at the limit."""
    async with time_limit(limit_s, BrowserError(f"{what}: the browser gave no answer for {limit_s:g} s")):
        yield

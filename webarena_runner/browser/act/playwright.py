"""Carrying out an action of the playwright set: the locator chain is resolved call by call through a closed table."""

from collections.abc import Sequence

from playwright.async_api import FrameLocator, Locator, Page

from webarena_runner.actions.locators import element_fault
from webarena_runner.types import Call

# The page has settled before: what is not there by then is hardly worth the 30 s that official waits for it.
TIMEOUT_MS = 5000
_METHODS = {"type": "press_sequentially"}


async def perform(page: Page, calls: Sequence[Call]) -> str:
    """Why the calls are not in the table; "" when they were carried out. Raises Playwright's errors."""
    if fault := element_fault(calls):
        return fault
    *path, last = calls
    place: Page | Locator | FrameLocator = page
    for call in path:
        place = getattr(place, call.name)(*call.args, **call.kwargs)
    act = getattr(place, _METHODS.get(last.name, last.name))
    await act(*last.args, **{"timeout": TIMEOUT_MS, **last.kwargs})
    return ""

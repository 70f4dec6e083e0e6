"""Carrying out an action of the playwright set: the locator chain is resolved call by call through a closed table."""

from collections.abc import Sequence

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FrameLocator, Locator, Page

from webarena_runner.actions.locators import element_fault
from webarena_runner.types import Box, Call

# The page has settled before: what is not there by then is hardly worth the 30 s that official waits for it.
TIMEOUT_MS = 5000
BOX_TIMEOUT_MS = 250
_METHODS = {"type": "press_sequentially"}


async def perform(page: Page, calls: Sequence[Call]) -> str:
    """Why the calls are not in the table; "" when they were carried out. Raises Playwright's errors."""
    if fault := element_fault(calls):
        return fault
    last, place = calls[-1], _place(page, calls)
    act = getattr(place, _METHODS.get(last.name, last.name))
    await act(*last.args, **{"timeout": TIMEOUT_MS, **last.kwargs})
    return ""


async def target_box(page: Page, calls: Sequence[Call]) -> Box | None:
    """Where the element is that such calls act on, before they do; None: on none, or not to be seen.

    For readers of the log alone: it does not wait, and what goes wrong here goes wrong again in `perform`.
    """
    if element_fault(calls) or not isinstance(place := _place(page, calls), Locator):
        return None
    try:
        # Of several none is acted on.
        box = await place.bounding_box(timeout=BOX_TIMEOUT_MS) if await place.count() == 1 else None
    except PlaywrightError:
        return None
    return Box(**box) if box else None


def _place(page: Page, calls: Sequence[Call]) -> Page | Locator | FrameLocator:
    """What the last call is called on."""
    place: Page | Locator | FrameLocator = page
    for call in calls[:-1]:
        place = getattr(place, call.name)(*call.args, **call.kwargs)
    return place

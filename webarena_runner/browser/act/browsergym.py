"""Carrying out calls of BrowserGym's action set on elements by their bid, on places and with the keyboard."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from playwright.async_api import FrameLocator, Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.types import Call

# BrowserGym gives an element 0.5 s, in which a busy machine does not get far; what takes longer than this fails there.
LIMIT_MS = 2000
MAX_WAIT_S = 10.0
# A frame's element has letters, of which all but the first are capitals; what is in the frame has those before its own.
BID = re.compile(r"(?P<frames>(?:[a-z][A-Z]*)*)\d+", re.ASCII)
FRAME = re.compile(r"[a-z][A-Z]*")


class NoElement(Exception):
    """There is nothing with this bid."""


async def perform(page: Page, call: Call, *, force: bool) -> None:
    """Raises NoElement, and Playwright's errors."""
    if call.name in ON_ELEMENT:
        bid, *arguments = call.args
        element = await _element(page, str(bid))
        await ON_ELEMENT[call.name](element, arguments, call.kwargs, force)
    elif call.name == "drag_and_drop":
        first, second = [await _element(page, str(bid)) for bid in call.args]
        await first.hover(timeout=LIMIT_MS)
        await page.mouse.down()
        await second.hover(timeout=LIMIT_MS)
        await page.mouse.up()
    else:
        await ON_PAGE[call.name](page, call.args, call.kwargs)


async def _element(page: Page, bid: str) -> Locator:
    found = BID.fullmatch(bid)
    if found is None:
        raise NoElement(f"ValueError: there is no element with bid {bid!r}")
    place: Page | FrameLocator = page
    prefix = ""
    for part in FRAME.findall(found["frames"]):
        prefix += part
        place = place.frame_locator(f'[bid="{prefix}"]')
    element = place.locator(f'[bid="{bid}"]')
    if not await element.count():
        raise NoElement(f"ValueError: there is no element with bid {bid!r}")
    return element


Arguments: TypeAlias = Sequence[Any]
Named: TypeAlias = Mapping[str, Any]


def _method(name: str, *, forces: bool = True) -> Callable[[Locator, Arguments, Named, bool], Awaitable[None]]:
    """Playwright's method of that name; where asked for, a second time without looking what covers the element."""

    async def act(element: Locator, arguments: Arguments, named: Named, force: bool) -> None:
        method = getattr(element, name)
        try:
            await method(*arguments, **named, timeout=LIMIT_MS)
        except PlaywrightTimeout:
            if not (force and forces):
                raise
            await method(*arguments, **named, force=True, timeout=LIMIT_MS)

    return act


async def _fill(element: Locator, arguments: Arguments, named: Named, force: bool) -> None:
    (value,) = arguments
    fill = _method("fill")
    if not named.get("enable_autocomplete_menu"):
        return await fill(element, (value,), {}, force)
    # The last character is typed, so that a menu of suggestions comes up.
    await fill(element, (value[:-1],), {}, force)
    return await element.press_sequentially(value[-1:], timeout=LIMIT_MS)


ON_ELEMENT: Mapping[str, Callable[[Locator, Arguments, Named, bool], Awaitable[None]]] = {
    "fill": _fill,
    "clear": _method("clear", forces=False),
    "focus": _method("focus", forces=False),
    "press": _method("press", forces=False),
    **{name: _method(name) for name in ("check", "uncheck", "select_option", "click", "dblclick", "hover")},
}


async def _noop(page: Page, arguments: Arguments, named: Named) -> None:
    await asyncio.sleep(min(float(named.get("wait_ms", 1000)) / 1000, MAX_WAIT_S))


async def _scroll_at(page: Page, arguments: Arguments, named: Named) -> None:
    x, y, right, down = arguments
    await page.mouse.move(x, y)
    await page.mouse.wheel(right, down)


async def _drag(page: Page, arguments: Arguments, named: Named) -> None:
    x, y, to_x, to_y = arguments
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(to_x, to_y)
    await page.mouse.up()


def _button(name: str) -> Callable[[Page, Arguments, Named], Awaitable[None]]:
    """The mouse goes there, and a button of it goes down or up."""

    async def act(page: Page, arguments: Arguments, named: Named) -> None:
        await page.mouse.move(*arguments)
        await getattr(page.mouse, name)(**named)

    return act


def _of(device: str, name: str) -> Callable[[Page, Arguments, Named], Awaitable[None]]:
    async def act(page: Page, arguments: Arguments, named: Named) -> None:
        await getattr(getattr(page, device), name)(*arguments, **named)

    return act


ON_PAGE: Mapping[str, Callable[[Page, Arguments, Named], Awaitable[None]]] = {
    "noop": _noop,
    "scroll": _of("mouse", "wheel"),
    "scroll_at": _scroll_at,
    "mouse_move": _of("mouse", "move"),
    "mouse_click": _of("mouse", "click"),
    "mouse_dblclick": _of("mouse", "dblclick"),
    "mouse_down": _button("down"),
    "mouse_up": _button("up"),
    "mouse_drag_and_drop": _drag,
    **{f"keyboard_{name}": _of("keyboard", name) for name in ("press", "up", "down", "type", "insert_text")},
}

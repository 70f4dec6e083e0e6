"""Calls of Playwright's protocol as actions; what only looks, waits or asks is none."""

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from webarena_runner.importers.playwright.events import Recorded
from webarena_runner.types import (
    Action,
    Call,
    CallValue,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    NewTab,
    PlaywrightCall,
    Press,
    Scroll,
    TabFocus,
)

# By method: the name in Python, and the parameters that are shown.
_ON_ELEMENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "check": ("check", ()),
    "click": ("click", ()),
    "dblclick": ("dblclick", ()),
    "dragAndDrop": ("drag_and_drop", ("source", "target")),
    "fill": ("fill", ("value",)),
    "focus": ("focus", ()),
    "hover": ("hover", ()),
    "press": ("press", ("key",)),
    "selectOption": ("select_option", ("options",)),
    "setInputFiles": ("set_input_files", ()),
    "tap": ("tap", ()),
    "type": ("type", ("text",)),
    "uncheck": ("uncheck", ()),
}
_ON_DEVICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "keyboardDown": ("keyboard.down", ("key",)),
    "keyboardInsertText": ("keyboard.insert_text", ("text",)),
    "keyboardType": ("keyboard.type", ("text",)),
    "keyboardUp": ("keyboard.up", ("key",)),
    "mouseClick": ("mouse.click", ("x", "y")),
    "mouseDown": ("mouse.down", ()),
    "mouseUp": ("mouse.up", ()),
    "reload": ("reload", ()),
    "touchscreenTap": ("touchscreen.tap", ("x", "y")),
}
_ELEMENTS = ("Frame", "ElementHandle")
_OPENS = ("newPage", "goto")
_PASSWORD = re.compile(r"passw|passwd|pwd", re.IGNORECASE)
_HIDDEN = "(a password)"


def action_of(call: Recorded, pages: Sequence[str]) -> Action | None:
    """None for a call that does nothing to a page; `pages` are the tabs, in their order."""
    if call.kind in _ELEMENTS and call.method in _ON_ELEMENT:
        return _on_element(call)
    if call.kind == "Page" and call.method in _ON_DEVICES:
        name, names = _ON_DEVICES[call.method]
        return PlaywrightCall(calls=(Call(name=name, args=_values(call.params, names)),))
    made = _PLAIN.get((call.kind, call.method))
    if made:
        return made(call.params)
    if (call.kind, call.method) == ("Page", "bringToFront") and call.page in pages:
        return TabFocus(page_number=pages.index(call.page))
    return None


def opens_a_page(call: Recorded) -> bool:
    """What a recorder does before the person can do anything."""
    return call.method in _OPENS


def _on_element(call: Recorded) -> Action:
    name, names = _ON_ELEMENT[call.method]
    selector = str(call.params.get("selector") or "")
    args = _values(call.params, names)
    if args and name in ("fill", "type") and _PASSWORD.search(selector):
        args = (_HIDDEN,)
    done = Call(name=name, args=args)
    return PlaywrightCall(calls=(Call(name="locator", args=(selector,)), done) if selector else (done,))


def _values(params: Mapping[str, Any], names: Sequence[str]) -> tuple[CallValue, ...]:
    return tuple(_value(params[name]) for name in names if name in params)


def _value(raw: Any) -> CallValue:
    if isinstance(raw, float) and not isfinite(raw):
        # JSON has no such number, though Python reads one.
        return str(raw)
    if raw is None or isinstance(raw, str | bool | int | float):
        return raw
    if isinstance(raw, list):
        # Options of a choice: by value, label or position.
        return [str(next(iter(each.values()), "")) if isinstance(each, dict) else str(each) for each in raw]
    return str(raw)


def _scroll(params: Mapping[str, Any]) -> Action:
    return Scroll(direction="up" if (params.get("deltaY") or 0) < 0 else "down")


_PLAIN: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Action]] = {
    ("Frame", "goto"): lambda params: Goto(url=str(params.get("url", ""))),
    ("BrowserContext", "newPage"): lambda _: NewTab(),
    ("Page", "close"): lambda _: CloseTab(),
    ("Page", "goBack"): lambda _: GoBack(),
    ("Page", "goForward"): lambda _: GoForward(),
    ("Page", "keyboardPress"): lambda params: Press(key_comb=str(params.get("key", ""))),
    ("Page", "mouseWheel"): _scroll,
}

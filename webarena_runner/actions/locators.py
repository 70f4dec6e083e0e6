"""Which Playwright calls an action may be made of: a closed table, held against a call before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webarena_runner.types import Call, CallValue

_TEXT = (str,)
_FLAG = (bool,)
_NUMBER = (int, float)
_CHOICE = (str, list)


@dataclass(frozen=True)
class _Form:
    """What a call takes: types by position (the first `required` of them must be there), then types by keyword."""

    positional: Sequence[tuple[type, ...]] = ()
    required: int = 0
    keywords: Mapping[str, tuple[type, ...]] = field(default_factory=dict)


_BY_TEXT = _Form((_TEXT,), 1, {"exact": _FLAG})
_WAITING = {"force": _FLAG, "no_wait_after": _FLAG, "timeout": _NUMBER}
_POINTING = {**_WAITING, "modifiers": (list,), "trial": _FLAG}
_KEYING = {"delay": _NUMBER, "no_wait_after": _FLAG, "timeout": _NUMBER}

LOCATORS: Mapping[str, _Form] = {
    "get_by_role": _Form(
        (_TEXT,),
        1,
        {
            "name": _TEXT,
            "level": (int,),
            **dict.fromkeys(
                ("checked", "disabled", "exact", "expanded", "include_hidden", "pressed", "selected"), _FLAG
            ),
        },
    ),
    "get_by_text": _BY_TEXT,
    "get_by_label": _BY_TEXT,
    "get_by_placeholder": _BY_TEXT,
    "get_by_alt_text": _BY_TEXT,
    "get_by_title": _BY_TEXT,
    "get_by_test_id": _Form((_TEXT,), 1),
    "filter": _Form((), 0, {"has_text": _TEXT, "has_not_text": _TEXT}),
    "frame_locator": _Form((_TEXT,), 1),
    "locator": _Form((_TEXT,), 1, {"has_text": _TEXT, "has_not_text": _TEXT}),
}
ON_ELEMENT: Mapping[str, _Form] = {
    "click": _Form((), 0, {**_POINTING, "button": _TEXT, "click_count": (int,), "delay": _NUMBER}),
    "hover": _Form((), 0, _POINTING),
    "check": _Form((), 0, {**_WAITING, "trial": _FLAG}),
    "fill": _Form((_TEXT,), 1, _WAITING),
    "type": _Form((_TEXT,), 1, _KEYING),
    "press": _Form((_TEXT,), 1, _KEYING),
    "select_option": _Form((_CHOICE,), 0, {**_WAITING, "value": _CHOICE, "label": _CHOICE, "index": (int,)}),
}
ON_PAGE: Mapping[str, _Form] = {
    "press": _Form((_TEXT,), 1, {"delay": _NUMBER}),
    "scroll": _Form((_CHOICE + _NUMBER, _NUMBER), 0, {"direction": _TEXT}),
    "goto": _Form((_TEXT,), 1, {"wait_until": _TEXT, "referer": _TEXT, "timeout": _NUMBER}),
    "page_focus": _Form(((int,),), 1),
    "new_tab": _Form(),
    "go_back": _Form((), 0, {"wait_until": _TEXT, "timeout": _NUMBER}),
    "go_forward": _Form((), 0, {"wait_until": _TEXT, "timeout": _NUMBER}),
    "page_close": _Form(),
    "stop": _Form((_TEXT,), 0),
}
# Frames are only on the way to an element.
_NOT_AN_ELEMENT = ("frame_locator",)


def element_fault(calls: Sequence[Call]) -> str:
    """Why these are not locator calls with one action on the element at the end; "" when they are."""
    *path, last = calls
    if last.name not in ON_ELEMENT:
        return f"'{last.name}' is no action on an element; expected one of {', '.join(ON_ELEMENT)}"
    if not path or path[-1].name in _NOT_AN_ELEMENT:
        return f'\'{last.name}\' needs an element: put a locator before it, such as get_by_role("link", name="...")'
    return locator_fault(path) or _fault(last, ON_ELEMENT[last.name])


def locator_fault(path: Sequence[Call]) -> str:
    for before, call in zip((None, *path), path, strict=False):
        if call.name not in LOCATORS:
            return f"unknown call '{call.name}'; expected one of {', '.join(LOCATORS)}"
        if call.name == "filter" and (before is None or before.name in _NOT_AN_ELEMENT):
            return "'filter' needs a locator before it"
        if fault := _fault(call, LOCATORS[call.name]):
            return fault
    return ""


def page_fault(call: Call) -> str:
    """Why this is no call on the page itself; "" when it is."""
    if call.name not in ON_PAGE:
        return f"unknown call '{call.name}'; expected one of {', '.join(ON_PAGE)}"
    return _fault(call, ON_PAGE[call.name])


def _fault(call: Call, form: _Form) -> str:
    if not form.required <= len(call.args) <= len(form.positional):
        return f"'{call.name}' takes {_counted(form)}, got {len(call.args)}"
    for number, (value, types) in enumerate(zip(call.args, form.positional, strict=False), start=1):
        if not _is(value, types):
            return f"'{call.name}': argument {number} must be {_named(types)}, got {value!r:.50}"
    for name, value in call.kwargs.items():
        if name not in form.keywords:
            return f"'{call.name}' takes no '{name}'; expected {', '.join(form.keywords) or 'no keyword'}"
        if not _is(value, form.keywords[name]):
            return f"'{call.name}': {name} must be {_named(form.keywords[name])}, got {value!r:.50}"
    return ""


def _is(value: CallValue, types: tuple[type, ...]) -> bool:
    """Python's True is an int too, which no call here means."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _counted(form: _Form) -> str:
    least, most = form.required, len(form.positional)
    return f"{least} arguments by position" if least == most else f"{least} to {most} arguments by position"


def _named(types: tuple[type, ...]) -> str:
    words = {str: "a text", bool: "True or False", int: "a whole number", float: "a number", list: "a list of texts"}
    return " or ".join(words[each] for each in types)

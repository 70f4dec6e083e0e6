"""BrowserGym's action set: calls with literal arguments, found in the text of a reply and read by a closed table.

Nothing of it is executed as code. What there is of each call, and what becomes of a text, is as in browsergym-core
0.14.3, where the functions and the search for calls are public; files are never uploaded.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from webarena_runner.types import (
    Action,
    BrowserGymCalls,
    Call,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Invalid,
    NewTab,
    Stop,
    TabFocus,
)

# Longer texts are no action; the search looks at each closing parenthesis behind each opening one.
MAX_CHARACTERS = 50_000
MAX_TRIES = 2_000
INFEASIBLE = "N/A"
BUTTONS = ("left", "middle", "right")
_TEXT, _NUMBER, _FLAG, _TEXTS = (str,), (int, float), (bool,), (list, tuple)
_BID = {"bid": _TEXT}
_AT = {"x": _NUMBER, "y": _NUMBER}
_BUTTON = {"button": _TEXT}
_UPLOAD = "files of this machine are not given to pages"


@dataclass(frozen=True)
class Form:
    """What a call takes: the kinds of each argument, in their order; the last ones may be left out."""

    takes: Mapping[str, tuple[type, ...]]
    optional: int = 0
    refused: str = ""


_POINTED = Form({**_BID, **_BUTTON, "modifiers": _TEXTS}, 2)
CALLS: Mapping[str, Form] = {
    "noop": Form({"wait_ms": _NUMBER}, 1),
    "send_msg_to_user": Form({"text": _TEXT}),
    "report_infeasible": Form({"reason": _TEXT}),
    "scroll": Form({"delta_x": _NUMBER, "delta_y": _NUMBER}),
    "fill": Form({**_BID, "value": _TEXT, "enable_autocomplete_menu": _FLAG}, 1),
    "check": Form(_BID),
    "uncheck": Form(_BID),
    "select_option": Form({**_BID, "options": (*_TEXT, *_TEXTS)}),
    "click": _POINTED,
    "dblclick": _POINTED,
    "hover": Form(_BID),
    "press": Form({**_BID, "key_comb": _TEXT}),
    "focus": Form(_BID),
    "clear": Form(_BID),
    "drag_and_drop": Form({"from_bid": _TEXT, "to_bid": _TEXT}),
    "scroll_at": Form({**_AT, "dx": _NUMBER, "dy": _NUMBER}),
    "mouse_move": Form(_AT),
    "mouse_up": Form({**_AT, **_BUTTON}, 1),
    "mouse_down": Form({**_AT, **_BUTTON}, 1),
    "mouse_click": Form({**_AT, **_BUTTON}, 1),
    "mouse_dblclick": Form({**_AT, **_BUTTON}, 1),
    "mouse_drag_and_drop": Form({"from_x": _NUMBER, "from_y": _NUMBER, "to_x": _NUMBER, "to_y": _NUMBER}),
    "keyboard_press": Form({"key": _TEXT}),
    "keyboard_up": Form({"key": _TEXT}),
    "keyboard_down": Form({"key": _TEXT}),
    "keyboard_type": Form({"text": _TEXT}),
    "keyboard_insert_text": Form({"text": _TEXT}),
    "goto": Form({"url": _TEXT}),
    "go_back": Form({}),
    "go_forward": Form({}),
    "new_tab": Form({}),
    "tab_close": Form({}),
    "tab_focus": Form({"index": (int,)}),
    "upload_file": Form({**_BID, "file": (*_TEXT, *_TEXTS)}, refused=_UPLOAD),
    "mouse_upload_file": Form({**_AT, "file": (*_TEXT, *_TEXTS)}, refused=_UPLOAD),
}
ENDS = ("send_msg_to_user", "report_infeasible")


@dataclass(frozen=True)
class ActionSet:
    """What of the calls an agent has, and how it writes them: its own action set says it.

    `multiaction`: several in one action. `strict`: nothing but calls. `force`: as `BrowserGymCalls` has it.
    """

    names: Collection[str] = tuple(CALLS)
    multiaction: bool = False
    strict: bool = False
    force: bool = False


class _NotInSet(Exception):
    """Why a text is no action of the set."""


def parse_browsergym(text: str, actions: ActionSet) -> Action:
    """The action that a reply's action text stands for; Invalid with a reason where BrowserGym raises.

    A message to the user, or that the task is infeasible, is the answer, and ends the episode; what stands behind it
    is left out.
    """
    try:
        calls = [_bound(name, node, actions) for name, node in _found(text, actions)]
    except _NotInSet as error:
        return Invalid(raw=text, reason=str(error))
    ending = next((number for number, call in enumerate(calls) if call.name in ENDS), len(calls))
    if ending == 0:
        return plain_action(calls[0]) or Invalid(raw=text, reason="no answer")
    single = plain_action(calls[0]) if len(calls) == 1 else None
    # With others before it, the answer ends the episode in a step of its own: `answer_after` gives it.
    return single or BrowserGymCalls(calls=tuple(calls[: ending + 1]), force=actions.force)


def plain_action(call: Call) -> Action | None:
    """The action of ours that a call is, of those that go somewhere or end the episode; None for other calls."""
    match call.name, call.args:
        case "goto", (str(url),):
            return Goto(url=url)
        case "go_back", _:
            return GoBack()
        case "go_forward", _:
            return GoForward()
        case "new_tab", _:
            return NewTab()
        case "tab_close", _:
            return CloseTab()
        case "tab_focus", (int(number),):
            return TabFocus(page_number=number)
        case "send_msg_to_user", (str(answer),):
            return Stop(answer=answer)
        case "report_infeasible", _:
            return Stop(answer=INFEASIBLE)
    return None


def answer_after(action: Action) -> Stop | None:
    """The end of the episode that an action's last call asked for; None: it goes on."""
    if not isinstance(action, BrowserGymCalls):
        return None
    last = plain_action(action.calls[-1])
    return last if isinstance(last, Stop) else None


def written(calls: Sequence[Call]) -> str:
    """The calls as an agent writes them."""
    return "\n".join(f"{call.name}({', '.join(_arguments(call))})" for call in calls)


def _arguments(call: Call) -> Iterator[str]:
    yield from map(repr, call.args)
    yield from (f"{name}={value!r}" for name, value in call.kwargs.items())


def _found(text: str, actions: ActionSet) -> list[tuple[str, ast.Call]]:
    if len(text) > MAX_CHARACTERS:
        raise _NotInSet(f"the action has {len(text)} characters, more than {MAX_CHARACTERS}")
    calls, between, at = list[tuple[str, ast.Call]](), "", 0
    for start, end, call in _search(text):
        between += text[at:start]
        calls.append(call)
        at = end
    if not calls:
        raise _NotInSet("ValueError: there is no action in the reply")
    if actions.strict and (between + text[at:]).strip():
        raise _NotInSet("ParseException: there is more than calls in the action")
    if len(calls) > 1 and not actions.multiaction:
        raise _NotInSet(f"ValueError: {len(calls)} actions in one reply, of which only one is allowed")
    return calls


_WORD = re.compile(r"#[^\n]*|(?P<name>[^\W\d]\w*)(?P<space>\s*)\(")


def _search(text: str) -> Iterator[tuple[int, int, tuple[str, ast.Call]]]:
    """Start and end of each call, outside comments."""
    at = tries = 0
    while found := _WORD.search(text, at):
        at = found.end()
        if not found["name"]:
            continue
        closing = text.find(")", at)
        while closing != -1 and tries < MAX_TRIES:
            tries += 1
            if node := _literal_call(text[found.end() - 1 : closing + 1]):
                yield found.start(), closing + 1, (found["name"], node)
                at = closing + 1
                break
            closing = text.find(")", closing + 1)


def _literal_call(arguments: str) -> ast.Call | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as for "\d" in a text
            node = ast.parse(f"call{arguments}", mode="eval").body
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for given in (*node.args, *(keyword.value for keyword in node.keywords)):
                    ast.literal_eval(given)
                return node
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return None


def _bound(name: str, node: ast.Call, actions: ActionSet) -> Call:
    """The call with its arguments in their order."""
    form = CALLS.get(name)
    if name not in actions.names or form is None:
        known = ", ".join(each for each in CALLS if each in actions.names)
        raise _NotInSet(f"NameError: there is no action '{name}'; expected one of {known}")
    if form.refused:
        raise _NotInSet(f"{name}: {form.refused}")
    given = dict(zip(form.takes, map(ast.literal_eval, node.args), strict=False))
    named = {keyword.arg or "**": ast.literal_eval(keyword.value) for keyword in node.keywords}
    needed = list(form.takes)[: len(form.takes) - form.optional]
    if (
        len(node.args) > len(form.takes)
        or set(named) & set(given)
        or set(named) - set(form.takes)
        or set(needed) - {*given, *named}
    ):
        raise _NotInSet(f"TypeError: {name} takes {', '.join(form.takes) or 'no arguments'}")
    values = given | named
    for argument, value in values.items():
        _require(name, argument, value, form.takes[argument])
    keywords = {argument: value for argument, value in values.items() if argument not in needed}
    try:
        return Call(name=name, args=tuple(_plain(values[argument]) for argument in needed), kwargs=_plain(keywords))
    except ValidationError as error:
        raise _NotInSet(f"{name}: {error.errors()[0]['msg']}") from error


def _require(name: str, argument: str, value: Any, kinds: tuple[type, ...]) -> None:
    is_flag = isinstance(value, bool)
    if not isinstance(value, kinds) or (is_flag and bool not in kinds):
        raise _NotInSet(
            f"ValueError: {name}: {argument} is {value!r}; expected {' or '.join(k.__name__ for k in kinds)}"
        )
    if argument == "button" and value not in BUTTONS:
        raise _NotInSet(f"ValueError: {name}: button is {value!r}; expected one of {', '.join(BUTTONS)}")
    if isinstance(value, list | tuple) and not all(isinstance(each, str) for each in value):
        raise _NotInSet(f"ValueError: {name}: {argument} is {value!r}; expected texts")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return list(value) if isinstance(value, tuple) else value

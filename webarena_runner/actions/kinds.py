"""What is said of each kind of action: its words in the grammars and in the history, and what makes two of it equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webarena_runner.types import Action, CallTool, Clear, Click, Hover, PlaywrightCall, Type

# Calls of the playwright set that type.
TYPING_CALLS = ("fill", "type")


@dataclass(frozen=True)
class Kind:
    """`form` is how the id grammar writes it, whose verb is the kind's name; "" where that grammar lacks it.

    `does` says it to models that are given actions as functions. `argument` names the field that official equality
    compares ("": none, all are equal). `called` is the call of the playwright set on the page itself; `in_history` the
    word of the official history line, where it is not the verb.
    `dialect` is the only one that has it, where not all do.
    """

    form: str = ""
    does: str = ""
    argument: str = ""
    called: str = ""
    in_history: str = ""
    dialect: str = ""


# In the order in which errors list the verbs.
KINDS: Mapping[str, Kind] = {
    "click": Kind("click [id]", "Click an element.", "element_id"),
    "hover": Kind("hover [id]", "Move the pointer over an element.", "element_id"),
    "type": Kind("type [id] [text] [0|1]", "Click a field and type; what is in it already stays.", "element_id"),
    "clear": Kind("clear [id]", "Empty a field.", "element_id", dialect="visualwebarena"),
    "press": Kind("press [keys]", "Press a key or a combination of keys.", "key_comb", called="press"),
    "scroll": Kind("scroll [up|down]", "Move one screen up or down.", "direction", called="scroll"),
    "goto": Kind("goto [url]", "Open an address in the current tab.", "url", called="goto"),
    "new_tab": Kind("new_tab", "Open an empty tab.", called="new_tab"),
    "go_back": Kind("go_back", "Go back in the history of the tab.", called="go_back"),
    "go_forward": Kind("go_forward", "Go forward in the history of the tab.", called="go_forward"),
    "close_tab": Kind("close_tab", "Close the current tab.", called="page_close"),
    "tab_focus": Kind(
        "tab_focus [number]", "Switch to another tab.", "page_number", called="page_focus", in_history="page_focus"
    ),
    "stop": Kind("stop [answer]", "End the task, with the answer where it asks for one.", "answer", called="stop"),
    "playwright": Kind(argument="calls"),
    "browsergym": Kind(argument="calls"),
    "call_tool": Kind(),
    "invalid": Kind(),
}
VERBS = tuple(name for name, kind in KINDS.items() if kind.form and not kind.dialect)


def verbs_of(dialect: str) -> tuple[str, ...]:
    return tuple(name for name, kind in KINDS.items() if kind.form and kind.dialect in ("", dialect))


def argument_of(action: Action) -> Any:
    """What official equality compares, None where there is nothing to compare."""
    name = KINDS[action.kind].argument
    return getattr(action, name) if name else None


def element_of(action: Action) -> str | None:
    """Id of the element that the action points at; None for actions without one."""
    return action.element_id if isinstance(action, Click | Hover | Type | Clear) else None


def equivalent(one: Action, other: Action) -> bool:
    """Official equality: click, hover and type compare only the element, so two texts typed there are equal."""
    if isinstance(one, CallTool):
        return one == other
    return one.kind == other.kind and argument_of(one) == argument_of(other)


def is_typing(action: Action) -> bool:
    return isinstance(action, Type) or (isinstance(action, PlaywrightCall) and action.calls[-1].name in TYPING_CALLS)

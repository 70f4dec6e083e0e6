"""The official id-based action grammar: from a model's reply to an action."""

import re
from collections import deque
from collections.abc import Callable, Mapping

from webarena_runner.actions.keys import in_official_table, official_names
from webarena_runner.actions.kinds import KINDS, argument_of, verbs_of
from webarena_runner.settings.records import Dialect
from webarena_runner.types import (
    Action,
    Clear,
    Click,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Hover,
    Invalid,
    NewTab,
    Press,
    Scroll,
    Stop,
    TabFocus,
    Type,
)


def extract_action(reply: str, splitter: str = "```") -> str | None:
    """The stripped text between the first two splitters; None when the reply has no such pair."""
    parts = reply.split(splitter, 2)
    return parts[1].strip() if len(parts) == 3 else None


def parse_action(text: str, dialect: Dialect = "webarena") -> Action:
    """The action that the text stands for; Invalid with a reason when it is not in the grammar.

    As official: verbs are case-sensitive, trailing text is ignored. Unlike official, an empty text is Invalid, and
    characters that its key table lacks are kept (both crash there: see `official_crash`).
    """
    text = text.strip()
    if not text:
        return Invalid(raw=text, reason="the action is empty")
    verb = text.partition("[")[0].strip() if "[" in text else text.split()[0]
    parse = _PARSERS_OF[dialect].get(verb)
    if parse is None:
        verbs = ", ".join(verbs_of(dialect))
        return Invalid(raw=text, reason=f"unknown action '{verb:.40}'; expected one of {verbs}")
    form = KINDS[verb].form if verb in KINDS else UPLOAD_FORM
    return parse(text) or Invalid(raw=text, reason=f"the arguments of '{verb}' do not match `{form}`")


def written(action: Action) -> str:
    """The text that `parse_action` reads as this action. Raises ValueError for one that the grammar lacks."""
    if not KINDS[action.kind].form:
        raise ValueError(f"the id grammar has no '{action.kind}'; it has {', '.join(verbs_of('webarena'))}")
    if isinstance(action, Type):
        return f"type [{action.element_id}] [{action.text}] [{int(action.press_enter)}]"
    argument = argument_of(action)
    return action.kind if argument is None else f"{action.kind} [{argument}]"


def official_crash(text: str, action: Action, dialect: Dialect = "webarena") -> str:
    """Why the official harness would have lost the task at this action text; "" when it would not."""
    if not text.strip() and dialect == "webarena":
        return "the official parser raises IndexError on an empty action"
    if isinstance(action, Type):
        unknown = sorted({character for character in action.text if not in_official_table(character, dialect)})
        if unknown:
            return f"the official key table lacks {', '.join(map(ascii, unknown))}"
    return ""


def _click(text: str) -> Action | None:
    found = re.search(r"click ?\[(\d+)\]", text)
    return Click(element_id=found[1]) if found else None


def _hover(text: str) -> Action | None:
    found = re.search(r"hover ?\[(\d+)\]", text)
    return Hover(element_id=found[1]) if found else None


def _type(text: str) -> Action | None:
    if not text.endswith(("[0]", "[1]")):
        text += " [1]"
    for line in text.split("\n"):
        start = re.search(r"type ?\[(\d+)\] ?\[", line)
        tails = re.finditer(r"(?=\] ?\[(\d+)\])", line[start.end() + 1 :]) if start else ()
        last = next(iter(deque(tails, maxlen=1)), None)
        if start and last:
            typed = line[start.end() : start.end() + 1 + last.start()]
            return Type(element_id=start[1], text=typed, press_enter=last[1] == "1")
    return None


def _clear(text: str) -> Action | None:
    found = re.search(r"clear ?\[(\d+)\]", text)
    return Clear(element_id=found[1]) if found else None


def _press(text: str) -> Action | None:
    found = _bracketed(r"press ?\[", text)
    return Press(key_comb=official_names(found)) if found is not None else None


def _scroll(text: str) -> Action | None:
    found = re.search(r"scroll ?\[?(up|down)\]?", text)
    if not found:
        return None
    return Scroll(direction="up" if found[1] == "up" else "down")


def _goto(text: str) -> Action | None:
    found = _bracketed(r"goto ?\[", text)
    return Goto(url=found) if found is not None else None


def _tab_focus(text: str) -> Action | None:
    # No browser has a tab number of more digits, and Python refuses to convert thousands of them.
    found = re.search(r"tab_focus ?\[(\d{1,9})\]", text)
    return TabFocus(page_number=int(found[1])) if found else None


def _stop(text: str) -> Action | None:
    return Stop(answer=_bracketed(r"stop ?\[", text) or "")


def _bracketed(opening: str, text: str) -> str | None:
    """What official's `OPENING(.+)\\]` finds, but in a time that grows with the text, not with its square."""
    for line in text.split("\n"):
        start, end = re.search(opening, line), line.rfind("]")
        if start and end > start.end():
            return line[start.end() : end]
    return None


_Parsers = dict[str, Callable[[str], Action | None]]
_PARSERS: _Parsers = {
    "click": _click,
    "hover": _hover,
    "type": _type,
    "press": _press,
    "scroll": _scroll,
    "goto": _goto,
    "new_tab": lambda _: NewTab(),
    "go_back": lambda _: GoBack(),
    "go_forward": lambda _: GoForward(),
    "close_tab": lambda _: CloseTab(),
    "tab_focus": _tab_focus,
    "stop": _stop,
}
# VisualWebArena's `upload` looks for the form of `type`, and then types.
UPLOAD_FORM = KINDS["type"].form
_PARSERS_OF: Mapping[Dialect, _Parsers] = {
    "webarena": _PARSERS,
    "visualwebarena": _PARSERS | {"clear": _clear, "upload": _type},
}

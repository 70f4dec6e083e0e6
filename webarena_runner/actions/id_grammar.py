"""The official id-based action grammar: from a model's reply to an action."""

import re
from collections import deque
from collections.abc import Callable

from webarena_runner.types import (
    Action,
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

# Key names that are accepted in any case; official leaves out ArrowLeft and the modifiers, which pass as written.
_KEYS = {
    key.lower(): key
    for key in (
        *("Backquote", "Minus", "Equal", "Backslash", "Backspace", "Meta", "Tab", "Delete", "Escape", "ArrowDown"),
        *("End", "Enter", "Home", "Insert", "PageDown", "PageUp", "ArrowRight", "ArrowUp"),
        *(f"F{number}" for number in range(1, 13)),
    )
}
VERBS = (
    *("click", "hover", "type", "press", "scroll", "goto"),
    *("new_tab", "go_back", "go_forward", "close_tab", "tab_focus", "stop"),
)


def extract_action(reply: str, splitter: str = "```") -> str | None:
    """The stripped text between the first two splitters; None when the reply has no such pair."""
    parts = reply.split(splitter, 2)
    return parts[1].strip() if len(parts) == 3 else None


def parse_action(text: str) -> Action:
    """The action that the text stands for; Invalid with a reason when it is not in the grammar.

    As official: verbs are case-sensitive, trailing text is ignored. Unlike official, an empty text is Invalid, and
    characters that its key table lacks are kept (both crash there; `official_crash` tells).
    """
    text = text.strip()
    if not text:
        return Invalid(raw=text, reason="the action is empty")
    verb = text.partition("[")[0].strip() if "[" in text else text.split()[0]
    parse = _PARSERS.get(verb)
    if parse is None:
        return Invalid(raw=text, reason=f"unknown action '{verb:.40}'; expected one of {', '.join(VERBS)}")
    return parse(text) or Invalid(raw=text, reason=f"the arguments of '{verb}' do not match `{_FORMS[verb]}`")


def official_crash(text: str, action: Action) -> str:
    """Why the official harness would have lost the task at this action text; "" when it would not."""
    if not text.strip():
        return "the official parser raises IndexError on an empty action"
    if isinstance(action, Type):
        unknown = sorted({character for character in action.text if not _in_official_table(character)})
        if unknown:
            return f"the official key table lacks {', '.join(map(ascii, unknown))}"
    return ""


def _in_official_table(character: str) -> bool:
    return character == "\n" or 32 <= ord(character) <= 127 or 129 <= ord(character) <= 999


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


def _press(text: str) -> Action | None:
    found = _bracketed(r"press ?\[", text)
    if found is None:
        return None
    return Press(key_comb="+".join(_KEYS.get(key.lower(), key) for key in found.split("+")))


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


_PARSERS: dict[str, Callable[[str], Action | None]] = {
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
_FORMS = {
    "click": "click [id]",
    "hover": "hover [id]",
    "type": "type [id] [text] [0|1]",
    "press": "press [keys]",
    "scroll": "scroll [up|down]",
    "goto": "goto [url]",
    "tab_focus": "tab_focus [number]",
}

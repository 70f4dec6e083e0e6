"""The id grammar with near misses understood: what models write who have read other descriptions of it.

What the official grammar accepts means the same here, except where it takes a named argument for typed text.
"""

import re
from collections.abc import Callable

from webarena_runner.actions.id_grammar import parse_action
from webarena_runner.actions.keys import understood_names
from webarena_runner.actions.kinds import KINDS, VERBS
from webarena_runner.settings.records import Dialect
from webarena_runner.types import Action, Click, Goto, Hover, Invalid, Scroll, Stop, TabFocus, Type

# The words of the playwright set.
_ALIASES = {kind.called: verb for verb, kind in KINDS.items() if kind.called}
_NAME = r"(?:\w+\s*=\s*)?"
_ID = re.compile(rf"[\[(:=]?\s*{_NAME}[\"']?(\d{{1,9}})[\"']?\s*\]?")
_TYPED = re.compile(rf"\[\s*{_NAME}(\d+)\s*\]\s*\[(.*)\]\s*$", re.DOTALL)
_ENTER = re.compile(rf"\]\s*\[\s*{_NAME}(0|1|true|false)\s*$", re.IGNORECASE)
_DIRECTION = re.compile(rf"[\[(:=]?\s*{_NAME}[\"']?(up|down)\b", re.IGNORECASE)


def parse_lenient(text: str, dialect: Dialect = "webarena") -> Action:
    """The action of a text that is in the id grammar or close to it; Invalid with a reason otherwise."""
    given, text = text, _without_tag(text.strip())
    found = re.match(r"(\w+)\s*(.*)", text, re.DOTALL)
    if found is None:
        return parse_action(given, dialect)
    verb = _ALIASES.get(found[1].lower(), found[1].lower())
    read = _READERS.get(verb)
    action = read(found[2]) if read else None
    if action is not None:
        return action.model_copy(update={"raw": given}) if isinstance(action, Invalid) else action
    official = parse_action(verb + text[found.end(1) :], dialect)
    return parse_action(given, dialect) if isinstance(official, Invalid) else official


def _without_tag(text: str) -> str:
    """Without the language that some models write after the splitter, as in a Markdown code block."""
    first, newline, rest = text.partition("\n")
    is_tag = newline and re.fullmatch(r"\s*[\w+-]+\s*", first) and first.strip().lower() not in VERBS
    return rest.strip() if is_tag else text


def _click(rest: str) -> Action | None:
    found = _ID.match(rest)
    return Click(element_id=found[1]) if found else None


def _hover(rest: str) -> Action | None:
    found = _ID.match(rest)
    return Hover(element_id=found[1]) if found else None


def _type(rest: str) -> Action | None:
    """On one line if that is whole, else over several."""
    found = _TYPED.match(rest.partition("\n")[0]) or _TYPED.match(rest)
    if not found:
        return None
    flag = _ENTER.search(found[2])
    text = found[2][: flag.start()] if flag else found[2]
    text = re.sub(r"^(?:text|content)\s*=\s*", "", text)
    return Type(element_id=found[1], text=text, press_enter=not flag or flag[1].lower() in ("1", "true"))


def _press(rest: str) -> Action | None:
    keys = _argument(rest, "key_comb|keys|key|combination")
    return parse_action(f"press [{understood_names(keys)}]") if keys else None


def _scroll(rest: str) -> Action | None:
    found = _DIRECTION.match(rest)
    if not found:
        return None
    return Scroll(direction="up" if found[1].lower() == "up" else "down")


def _goto(rest: str) -> Action | None:
    url = _argument(rest, "url")
    return Goto(url=url.strip("\"'")) if url else None


def _tab_focus(rest: str) -> Action | None:
    found = _ID.match(rest)
    return TabFocus(page_number=int(found[1])) if found else None


def _stop(rest: str) -> Action:
    """Ends the episode with the whole answer or not at all: one that is cut short would be scored as the agent's."""
    answer = _argument(rest, "answer") if rest.startswith("[") else None
    if not answer:
        answer = _argument(rest.replace("\n", "\0"), "answer")
    if answer is None:
        return Invalid(raw=rest, reason=f"the answer does not end: expected `{KINDS['stop'].form}`")
    return Stop(answer=answer.replace("\0", "\n"))


def _argument(rest: str, names: str) -> str | None:
    """What the brackets of the first line hold, or all of that line where there are none; None: one end is missing.

    Quotes are left out with the parentheses, the colon or the name that stand in place of the grammar's brackets.
    """
    line = re.sub(r"^[:=]\s*(?=[\[(])", "", rest.partition("\n")[0].strip())
    is_official = line.startswith("[")
    if (is_official and "]" not in line) or (line.startswith("(") and ")" not in line):
        return None
    if is_official:
        line = line[1 : line.rfind("]")]
    elif line.startswith("(") and line.endswith(")"):
        line = line[1:-1]
    else:
        line = re.sub(r"^[:=]\s*|^[.!;,]+$", "", line)
        if _lacks_an_end(line):
            return None
    argument = re.sub(rf"^\s*(?:{names})\s*=\s*", "", line)
    quoted = re.fullmatch(r"""(["'])(?P<inner>.*)\1""", argument)
    if not quoted or quoted[1] in quoted["inner"] or (is_official and argument == line):
        return argument
    return quoted["inner"]


def _lacks_an_end(line: str) -> bool:
    """Whether a bracket closes that nothing opened, or a quote opens that nothing closes."""
    closes = any(line.endswith(end) and line.count(end) > line.count(start) for start, end in ("[]", "()"))
    return closes or (line.startswith('"') and line.count('"') % 2 == 1)


_READERS: dict[str, Callable[[str], Action | None]] = {
    "click": _click,
    "hover": _hover,
    "type": _type,
    "press": _press,
    "scroll": _scroll,
    "goto": _goto,
    "tab_focus": _tab_focus,
    "stop": _stop,
}

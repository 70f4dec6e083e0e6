"""The official Playwright-style action set: code such as `page.get_by_role("link", name="Cart").click()`, never run.

The text is parsed by Python's own parser, and of its grammar only calls on `page` with literal arguments are accepted.
"""

import ast
import json
import re
import warnings
from collections.abc import Sequence
from math import isfinite

from webarena_runner.actions.kinds import KINDS, TYPING_CALLS, argument_of
from webarena_runner.actions.locators import ON_ELEMENT, ON_PAGE, element_fault, locator_fault, page_fault
from webarena_runner.log.wellformed import well_formed
from webarena_runner.types import (
    Action,
    Call,
    CallValue,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Invalid,
    NewTab,
    PlaywrightCall,
    Press,
    Scroll,
    Stop,
    TabFocus,
)

# Longer texts are for forms, not for code; the parser takes seconds over what is much longer.
MAX_CHARACTERS = 200_000
_MAX_CALLS = 50


class _NotInGrammar(Exception):
    """What of the text is no call on the page with literal arguments."""


def parse_playwright(text: str, *, quirks: bool = True) -> Action:
    """The action that a line of code stands for; Invalid with a reason when it is not in the closed table.

    `quirks` keeps what official does without crashing: `press` goes to whatever has the focus, arguments of click,
    hover, check and select_option are dropped, and `stop` reads an answer in double quotes only. `type` and a
    text in parentheses, over which official crashes, work either way.
    """
    text = text.strip()
    try:
        calls = _calls(text)
    except _NotInGrammar as error:
        return Invalid(raw=text, reason=str(error))
    *path, last = calls
    if last.name in ON_ELEMENT and not (last.name == "press" and (quirks or not path)):
        if quirks and last.name not in TYPING_CALLS:
            last = Call(name=last.name)
        calls = [*path, last]
        fault = element_fault(calls)
        return Invalid(raw=text, reason=fault) if fault else PlaywrightCall(calls=tuple(calls))
    if last.name not in ON_PAGE:
        known = ", ".join(dict.fromkeys((*ON_ELEMENT, *ON_PAGE)))
        return Invalid(raw=text, reason=f"the last call '{last.name}' is no action; expected one of {known}")
    fault = locator_fault(path) or page_fault(last)
    return Invalid(raw=text, reason=fault) if fault else _on_page(last, text, quirks=quirks)


def as_code(action: Action) -> str | None:
    """The action as a line of this set; None for actions that it does not have."""
    if isinstance(action, PlaywrightCall):
        return code_of(action.calls)
    called = KINDS[action.kind].called
    if not called:
        return None
    argument = argument_of(action)
    return f"page.{called}({'' if argument is None else _literal(argument)})"


def code_of(calls: Sequence[Call]) -> str:
    return "page." + ".".join(map(_code_of, calls))


def _on_page(call: Call, text: str, *, quirks: bool) -> Action:
    first = call.args[0] if call.args else None
    match call.name, first:
        case "press", str(keys):
            return Press(key_comb=keys)
        case "goto", str(url):
            return Goto(url=url)
        case "page_focus", int(number):
            return TabFocus(page_number=number)
        case "stop", answer:
            return Stop(answer=str(answer or "") if not quirks else _double_quoted(text))
        case "scroll", _:
            return Scroll(direction="up" if "up" in text else "down")
        case "new_tab", _:
            return NewTab()
        case "page_close", _:
            return CloseTab()
        case "go_back", _:
            return GoBack()
    return GoForward()


def _double_quoted(text: str) -> str:
    opening, closing = text.find('"'), text.rfind('"')
    return text[opening + 1 : closing] if re.search(r'stop\("', text) and closing > opening else ""


def _calls(text: str) -> list[Call]:
    """The chain of calls, first to last. Raises _NotInGrammar."""
    if not text.startswith("page."):
        raise _NotInGrammar(f"the action must begin with 'page.', got {text[:30]!r}" if text else "the action is empty")
    if len(text) > MAX_CHARACTERS:
        raise _NotInGrammar(f"the action has {len(text)} characters, more than {MAX_CHARACTERS}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as for "\d" in a text
            node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise _NotInGrammar(f"not one line of Python code: {message}") from error
    calls: list[Call] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        calls.append(_call(node.func.attr, node))
        node = node.func.value
        if len(calls) > _MAX_CALLS:
            raise _NotInGrammar(f"more than {_MAX_CALLS} calls in a row")
    if not calls or not (isinstance(node, ast.Name) and node.id == "page"):
        raise _NotInGrammar("expected calls on `page` only, each with its parentheses")
    return calls[::-1]


def _call(name: str, node: ast.Call) -> Call:
    kwargs = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _NotInGrammar(f"'{name}': arguments must be written out, not unpacked")
        kwargs[keyword.arg] = _value(name, keyword.value)
    return Call(name=name, args=tuple(_value(name, each) for each in node.args), kwargs=kwargs)


def _value(name: str, node: ast.expr) -> CallValue:
    match node:
        case ast.Constant(value=str(text)):
            return well_formed(text)
        case ast.Constant(value=bool() | int() | None as value):
            return value
        case ast.Constant(value=float(value)) if isfinite(value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if isfinite(value):
            return -value
        case ast.List(elts=elements):
            return [_text(name, element) for element in elements]
    raise _NotInGrammar(f"'{name}': an argument must be a text, a number, True, False, None or a list of texts")


def _text(name: str, node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return well_formed(node.value)
    raise _NotInGrammar(f"'{name}': a list may hold texts only")


def _code_of(call: Call) -> str:
    arguments = [*map(_literal, call.args), *(f"{key}={_literal(value)}" for key, value in call.kwargs.items())]
    return f"{call.name}({', '.join(arguments)})"


def _literal(value: CallValue) -> str:
    """In double quotes, which is how models write code most, and which `stop` needs."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)

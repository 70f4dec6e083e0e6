"""The action of a rendered step, from the line that the harness wrote of it."""

import re

from webarena_runner.actions.id_grammar import parse_action
from webarena_runner.actions.playwright_grammar import parse_playwright
from webarena_runner.importers.official.render import RenderedStep
from webarena_runner.types import ActedOn, Action, Invalid, Stop, TabFocus, Type

_NONE, _NO_NODE = "none", "No match found"
_ON_ELEMENT = re.compile(r"(click|hover) \[(?P<id>[^\]]*)\]")
_TYPED = re.compile(r"type \[(?P<id>[^\]]*)\] \[(?P<text>.*)\] where \[(?P=id)\] is ", re.DOTALL)
_FOCUSED = re.compile(r"page_focus \[(\d{1,9})\]")
_WHERE = re.compile(r" where \[(?P<id>[^\]]*)\] is \[(?P=id)\] (?P<line>.*)$", re.DOTALL)


def action_of(step: RenderedStep) -> Action:
    """Invalid for a line that is none of the official ones."""
    if step.code:
        return parse_playwright(step.code)
    line = step.parsed
    if line == _NONE:
        return Invalid(raw=step.raw, reason="the official harness found no action in it")
    if line.startswith("stop"):
        # Answers may have line ends, which the grammar takes for the end of the action.
        return Stop(answer=line.partition("[")[2].rpartition("]")[0])
    if found := _TYPED.match(line):
        text = found["text"][:-1] if step.enters else found["text"]
        return Type(element_id=found["id"], text=text, press_enter=step.enters)
    if found := _ON_ELEMENT.match(line):
        return parse_action(found[0])
    if found := _FOCUSED.match(line):
        return TabFocus(page_number=int(found[1]))
    return parse_action(line)


def acted_on(step: RenderedStep) -> ActedOn | None:
    """The node that the line names; its place on the page is in no file."""
    found = _WHERE.search(step.parsed)
    return ActedOn(element_id=found["id"], line=" ".join(found["line"].split()), box=None) if found else None

"""Reference answers of a task record: which kinds of requirement there are, and which of them whose rules know."""

from collections.abc import Callable, Mapping
from typing import Any

from webarena_runner.evaluators.comparing import read_condition
from webarena_runner.evaluators.rules import RULES, WEBARENA, Rules
from webarena_runner.official.node import Node
from webarena_runner.official.notation import ALTERNATIVES, UNACHIEVABLE

EXACT_MATCH, MUST_INCLUDE, MUST_EXCLUDE = "exact_match", "must_include", "must_exclude"
ONE_OF, REQUIRED_VALUES, FUZZY_MATCH = "one_of", "required_values", "fuzzy_match"
References = dict[str, str | list[str]]
_OFFICIAL = (EXACT_MATCH, MUST_INCLUDE, FUZZY_MATCH)


def known_to(rules: Rules) -> tuple[str, ...]:
    """The kinds of requirement on an answer that a peer's code looks at; it skips others."""
    return (ONE_OF, REQUIRED_VALUES, MUST_EXCLUDE, *_OFFICIAL) if rules.of_visual else _OFFICIAL


def read_references(node: Node, written_for: str) -> References:
    """Raises TaskFileError with the place of what is wrong."""
    known = known_to(RULES[written_for])
    if not isinstance(node.value, dict) or not node.value:
        raise node.wrong(f"a mapping with {', '.join(known[:-1])} or {known[-1]}")
    read: Mapping[str, Callable[[Node], Any]] = {
        EXACT_MATCH: Node.text,
        MUST_INCLUDE: Node.texts if written_for == WEBARENA else _text_or_texts,
        MUST_EXCLUDE: Node.texts,
        ONE_OF: Node.texts,
        REQUIRED_VALUES: conditions,
        FUZZY_MATCH: _fuzzy,
    }
    answers: References = {}
    for name in node.value:
        wanted = node.key(name)
        if name not in known:
            raise wanted.fault(f"no rule of this evaluator; known: {', '.join(known)}")
        answers[name] = read[name](wanted)
    return answers


def conditions(node: Node) -> list[str]:
    """A list of texts such as `< 700`, each perhaps with alternatives."""
    for item in node.items():
        for part in item.text().split(ALTERNATIVES):
            try:
                read_condition(part)
            except ValueError as error:
                raise item.fault(f"{part!r}: {error}") from error
    return node.texts()


def _text_or_texts(node: Node) -> str | list[str]:
    """A text only since WebArena-Lite has one, which no code that scores it can read."""
    return node.text() if isinstance(node.value, str) else node.texts()


def _fuzzy(node: Node) -> str | list[str]:
    if node.value == UNACHIEVABLE:
        return UNACHIEVABLE
    if isinstance(node.value, list):
        return node.texts()
    raise node.wrong(f"'{UNACHIEVABLE}' or a list of texts")

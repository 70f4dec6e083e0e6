"""What a page check requires of the text or number that its locator selects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from webarena_runner.errors import TaskFileError
from webarena_runner.evaluators.answers import (
    EXACT_MATCH,
    FUZZY_MATCH,
    MUST_EXCLUDE,
    MUST_INCLUDE,
    REQUIRED_VALUES,
    conditions,
)
from webarena_runner.evaluators.combine import UNCLEAR
from webarena_runner.evaluators.comparing import Comparing
from webarena_runner.evaluators.page_helpers import Selected
from webarena_runner.evaluators.rules import PAGE_RULES, RULES, Rules
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import Question
from webarena_runner.official.node import Node
from webarena_runner.official.notation import ALTERNATIVES, render
from webarena_runner.settings.scoring import ScoringSettings
from webarena_runner.types import Score, Verdict

Required = dict[str, str | list[str]]
KIND = "fuzzy"
# What VisualWebArena tells its judge of a page that the task was.
NOT_USED = "NOT USED"


@dataclass(frozen=True)
class Asked:
    """What only a judge can decide: whether the selected text is right by a reference."""

    reference: str
    text: str
    intent: str | None

    def question(self, *, unjudged: Score | None) -> Question:
        return Question(KIND, self.reference, self.text, unjudged=unjudged, intent=self.intent)


def known_to(rules: Rules) -> tuple[str, ...]:
    """The kinds of requirement that a peer's code looks at; at others it stops."""
    official = (EXACT_MATCH, MUST_INCLUDE)
    fuzzy = () if rules.page_fuzzy == "none" else (FUZZY_MATCH,)
    return PAGE_RULES if rules.of_visual else (*official, *fuzzy)


def read_required(node: Node, written_for: str) -> Required:
    """Raises TaskFileError with the place of what is wrong."""
    rules = RULES[written_for]
    known = known_to(rules)
    if not isinstance(node.value, dict) or not node.value:
        raise node.wrong(f"a mapping with {' or '.join(known)}")
    read: Mapping[str, Callable[[Node], Any]] = {
        EXACT_MATCH: Node.text,
        MUST_INCLUDE: Node.texts,
        MUST_EXCLUDE: _without_alternatives,
        REQUIRED_VALUES: conditions,
        FUZZY_MATCH: Node.filled_text if rules.page_fuzzy == "text" else Node.texts,
    }
    required: Required = {}
    for name in node.value:
        if name not in known:
            raise node.key(name).fault(f"no rule of this evaluator; known: {', '.join(known)}")
        required[name] = read[name](node.key(name))
    return required


def _without_alternatives(node: Node) -> list[str]:
    for item in node.items():
        if ALTERNATIVES in item.text():
            raise item.wrong(f"a text without '{ALTERNATIVES}'")
    return node.texts()


class Requirements:
    """Holds selected values against what is required, with the judge's `verdicts` so far; `urls` are the sites'."""

    def __init__(
        self, rules: Rules, scoring: ScoringSettings, urls: Mapping[str, str], verdicts: Sequence[Verdict]
    ) -> None:
        self._rules = rules
        self._scoring = scoring
        self._urls = urls
        self._comparing = Comparing(rules, scoring)
        self.verdicts = tuple(
            each.model_copy(update={"score": read_verdict(each.kind, each.reply, scoring)}) for each in verdicts
        )

    @property
    def flags(self) -> tuple[str, ...]:
        return (UNCLEAR,) if any(verdict.score is None for verdict in self.verdicts) else ()

    def fault(self, required: Required, selected: Selected | None) -> str | Asked:
        """What is lacking, "" when nothing is, or the next question.

        Only the first kind of requirement counts, in the published order, unless the settings correct that.
        """
        if selected is None:
            return "the page does not have it"
        value = unescape(selected) if self._rules.unescapes and isinstance(selected, str) else selected
        names = [name for name in PAGE_RULES if name in required]
        if not names:
            raise TaskFileError(f"required_contents {required!r}: expected {' or '.join(PAGE_RULES)}")
        asked: Asked | None = None
        for name in names if self._scoring.all_requirements else names[:1]:
            found = self._fault(name, required[name], value)
            if isinstance(found, Asked):
                asked = found
            elif found:
                return found
        return asked or ""

    def _fault(self, name: str, wanted: str | list[str], value: Selected) -> str | Asked:
        text, comparing = str(value), self._comparing
        items = [render(item, self._urls) for item in ([wanted] if isinstance(wanted, str) else wanted)]
        match name:
            case "exact_match":
                return "" if comparing.same(items[0], text) else f"expected {wanted!r}, found {text[:200]!r}"
            case "must_include":
                missing = [item for item in items if not comparing.page_includes(item, text)]
                return f"lacks {', '.join(map(repr, missing))}" if missing else ""
            case "must_exclude":
                there = [item for item in items if not comparing.excludes(item, text)]
                return f"has {', '.join(map(repr, there))}" if there else ""
            case "required_values":
                return self._compared(items, value)
        return self._judged(items, text)

    def _compared(self, conditions: Sequence[str], value: Selected) -> str:
        number = self._comparing.number(value)
        if number is None:
            return f"{value!r:.80} is no number"
        failed = [condition for condition in conditions if not self._comparing.satisfies(number, condition)]
        return f"{number} is not {', '.join(failed)}" if failed else ""

    def _judged(self, items: Sequence[str], text: str) -> str | Asked:
        """A list is joined to one reference; of a text each alternative has to hold, or with the correction one."""
        is_list = self._rules.page_fuzzy == "list"
        references = [", ".join(items)] if is_list else items[0].split(ALTERNATIVES)
        known = {verdict.reference: verdict.score or 0.0 for verdict in self.verdicts}
        any_will_do = self._scoring.fuzzy_alternatives and not is_list
        for reference in references:
            if reference not in known:
                return Asked(reference, text, None if is_list else NOT_USED)
            if (known[reference] == 1.0) == any_will_do:
                break
        else:
            reference = references[-1]
        return "" if known[reference] == 1.0 else f"the judge said no to {reference!r}"

"""Whose rules a check is scored by: how the peers' evaluators differ, as one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from webarena_runner.official.node import Node
from webarena_runner.settings.scoring import RulesName, ScoringSettings

WEBARENA = "webarena"
EXACT, GOLD_IN_PRED = "EXACT", "GOLD in PRED"
# Of what is compared with a text, in the order in which the peers look for them; only one of them counts.
PAGE_RULES = ("exact_match", "must_include", "must_exclude", "required_values", "fuzzy_match")


@dataclass(frozen=True)
class Rules:
    """What one peer does.

    `strips`: white space around texts does not count. `words`: which references must be words of the text, and not
    only in it: the sole item of an answer's list that is one character, or all that are one token. `splits_slashes`:
    parts of a token with slashes are words too, where a text must have one. `alternatives`: answers may have ` |OR| `.
    `joins_references`: fuzzy references of an answer are one question. `exact_urls`: addresses are compared as texts,
    and by EXACT where a record says nothing. `unescapes`: character references in what a page check selects are
    resolved first. `page_fuzzy`: the form of fuzzy references in page checks, which is one text or a list that is
    joined to one.
    """

    strips: bool = True
    words: Literal["sole_character", "tokens"] = "sole_character"
    splits_slashes: bool = False
    alternatives: bool = False
    joins_references: bool = False
    exact_urls: bool = False
    unescapes: bool = False
    page_fuzzy: Literal["none", "text", "list"] = "none"

    @property
    def of_visual(self) -> bool:
        """Whether it descends from VisualWebArena's code, which knows more kinds of requirement."""
        return self.words == "tokens"


_VISUAL = Rules(strips=False, words="tokens", alternatives=True, exact_urls=True, page_fuzzy="text")
RULES: Mapping[str, Rules] = {
    "webarena": Rules(unescapes=True),
    "browsergym-lite": Rules(page_fuzzy="list"),
    "visualwebarena": _VISUAL,
    "lite": Rules(
        strips=False,
        words="tokens",
        splits_slashes=True,
        alternatives=True,
        joins_references=True,
        exact_urls=True,
        page_fuzzy="list",
    ),
}


def rules_named(evaluation: Node) -> str:
    """The rules that a record is written for. Raises TaskFileError for those of nobody."""
    named = evaluation.get("rules", WEBARENA)
    if named.value not in get_args(RulesName):
        raise named.wrong(f"one of {', '.join(get_args(RulesName))}")
    return str(named.value)


def rules_for(scoring: ScoringSettings, written_for: str) -> tuple[str, Rules]:
    """Name and rules that a check is scored by: the run's, or those that its record is written for."""
    name = written_for if scoring.rules == "own" else scoring.rules
    return name, RULES[name]


def is_default(value: Any) -> bool:
    """Specs leave it out, as those of runs before there were others do."""
    return bool(value == WEBARENA)

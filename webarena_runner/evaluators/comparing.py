"""How texts are compared with references by the rules of one peer, and by the corrections of the settings."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import inf

from webarena_runner.evaluators.rules import Rules
from webarena_runner.evaluators.text import clean, numbers, whole_number, words
from webarena_runner.official.notation import ALTERNATIVES
from webarena_runner.settings.scoring import ScoringSettings

TOLERANCE = 1e-8
Number = int | float | Decimal
# In the order in which VisualWebArena looks for them.
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": lambda value, bound: value <= bound + TOLERANCE,
    ">=": lambda value, bound: value >= bound - TOLERANCE,
    "==": lambda value, bound: abs(value - bound) <= TOLERANCE,
    "<": lambda value, bound: value < bound + TOLERANCE,
    ">": lambda value, bound: value > bound - TOLERANCE,
}
_STRICT: Mapping[str, Callable[[float, float], bool]] = {
    **_COMPARISONS,
    "<": lambda value, bound: value < bound,
    ">": lambda value, bound: value > bound,
}


class Comparing:
    """`rules` are a peer's, `scoring` has the corrections."""

    def __init__(self, rules: Rules, scoring: ScoringSettings) -> None:
        self._rules = rules
        self._scoring = scoring
        self._strips = rules.strips or scoring.answers_stripped

    def clean(self, text: str) -> str:
        return clean(text, strips=self._strips)

    def same(self, reference: str, text: str) -> bool:
        return self.clean(reference) == self.clean(text)

    def answer_includes(self, item: str, answer: str, *, alone: bool) -> bool:
        """Whether an answer has one item of its list; `alone`: the list has no other."""
        if (self._rules.alternatives or self._scoring.answer_alternatives) and ALTERNATIVES in item:
            return any(self.answer_includes(part, answer, alone=alone) for part in item.split(ALTERNATIVES))
        if self._scoring.numbers_by_value and (value := whole_number(item)) is not None:
            return value in numbers(answer)
        return self._has(item, answer, as_word=alone)

    def page_includes(self, item: str, text: str) -> bool:
        """Whether a page's text has one of the alternatives of an item."""
        return any(self._has(part, text, as_word=False) for part in item.split(ALTERNATIVES))

    def excludes(self, item: str, text: str) -> bool:
        return not self._has(item, text, as_word=False, splits_slashes=False)

    def is_one_of(self, items: Iterable[str], answer: str) -> bool:
        """Whether a cleaned answer has one of the items: always among pieces of text, never among words."""
        return any(self.clean(item) in answer for item in items)

    def number(self, found: object) -> Number | None:
        """The value that is compared; None for a text that is no number."""
        if isinstance(found, int | float):
            return found
        text = str(found)
        try:
            return int(text.strip().replace(",", ""))
        except ValueError:
            pass
        values = numbers(text) if self._scoring.amounts_are_numbers else ()
        return next(iter(values)) if len(values) == 1 else None

    def satisfies(self, value: Number, condition: str) -> bool:
        """`condition` is one or several such as `< 700`, with alternatives."""
        table = _STRICT if self._scoring.strict_comparisons else _COMPARISONS
        parts = [read_condition(part) for part in condition.split(ALTERNATIVES)]
        return any(table[sign](_as_float(value), bound) for sign, bound in parts)

    def _has(self, item: str, text: str, *, as_word: bool, splits_slashes: bool = True) -> bool:
        """`as_word`: WebArena compares it as a word when it is one character."""
        wanted, found = self.clean(item), self.clean(text)
        if self._rules.words == "sole_character":
            must_be_word = as_word and len(wanted) == 1 and len(words(wanted)) == 1
        else:
            must_be_word = len(words(wanted)) == 1
        if not must_be_word:
            return wanted in found
        if self._rules.words == "tokens" and self._scoring.whole_words:
            return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", found) is not None
        tokens = words(found)
        if splits_slashes and self._rules.splits_slashes:
            tokens += [part for token in tokens if "/" in token for part in token.split("/")]
        return wanted in tokens


def _as_float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def read_condition(text: str) -> tuple[str, float]:
    """Sign and bound of `<= 120`. Raises ValueError."""
    sign = next((sign for sign in _COMPARISONS if sign in text), None)
    if sign is None:
        raise ValueError(f"expected one of {', '.join(_COMPARISONS)} and a number, such as '< 700'")
    _, bound = text.split(sign)
    return sign, float(bound)

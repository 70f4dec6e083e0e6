"""How a judge's reply is read."""

import re

from webarena_runner.actions.thoughts import without_thoughts
from webarena_runner.settings.records import ScoringSettings

NEGATIVE = {"fuzzy": ("partially correct", "incorrect"), "unachievable": ("different",)}
POSITIVE = {"fuzzy": "correct", "unachievable": "same"}
# The reply to a question about a picture, which the evaluator compares itself.
PICTURE = "picture"
# "not correct", "isn't the same", "cannot be called fully correct"; up to three words between.
_NEGATION = r"(?:\b(?:not|never|cannot)|n['’]t)\s+(?:(?!only\b)\w+\s+){0,3}"


def read_verdict(kind: str, reply: str, scoring: ScoringSettings | None = None) -> float | None:
    """1.0 or 0.0; None when the reply holds neither of the words asked for. Of a picture each reply is one.

    Officially "not correct" is a yes. With `judge_negation` it is a no, when it is what the reply says last.
    """
    scoring = scoring or ScoringSettings()
    if kind == PICTURE:
        return 1.0 if without_thoughts(reply).strip() else None
    text = (without_thoughts(reply) if scoring.judge_skip_thoughts else reply).lower()
    if any(word in text for word in NEGATIVE[kind]):
        return 0.0
    said = [found[1] for found in re.finditer(rf"({_NEGATION})?{POSITIVE[kind]}", text)]
    if not said:
        return None
    return 0.0 if scoring.judge_negation and said[-1] else 1.0

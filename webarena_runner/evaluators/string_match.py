"""`string_match`: the agent's answer against reference texts; a judge model decides fuzzy and N/A answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel

from webarena_runner.errors import TaskFileError
from webarena_runner.evaluators.combine import UNCLEAR
from webarena_runner.evaluators.evidence import urls_named, urls_recalled
from webarena_runner.evaluators.text import clean, contains, contains_token, numbers, same, whole_number
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, Past, Question
from webarena_runner.official.node import Node
from webarena_runner.official.notation import ALTERNATIVES, UNACHIEVABLE, render
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Record, Score, Verdict

JUDGED = "fuzzy_match"
Kind = Literal["fuzzy", "unachievable"]
Verdicts = Mapping[tuple[str, str], float]


class StringSpec(Record):
    """Keys of `reference_answers` in file order; values as in the file (a string or a list of them)."""

    reference_answers: dict[str, str | list[str]]
    string_note: str = ""


class StringOutcome(BaseModel, strict=True):
    answer: str


@dataclass(frozen=True)
class _Open:
    """What the rule needs a judge for; `moot` when the score is 0 whatever the verdict."""

    kind: Kind
    reference: str
    moot: bool


class StringMatch:
    name = "string_match"
    Spec: ClassVar[type[BaseModel]] = StringSpec
    Outcome: ClassVar[type[BaseModel]] = StringOutcome

    def __init__(self, scoring: ScoringSettings = ScoringSettings()) -> None:  # noqa: B008 - frozen
        self._scoring = scoring

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls(setup.scoring)

    @classmethod
    def read(cls, evaluation: Node) -> StringSpec:
        return StringSpec(
            reference_answers=_reference_answers(evaluation.key("reference_answers")),
            string_note=evaluation.get("string_note", "").text(),
        )

    @classmethod
    def writes(cls, spec: StringSpec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: StringSpec) -> bool:
        return JUDGED in spec.reference_answers

    @classmethod
    def needs_trace(cls, spec: StringSpec) -> bool:
        return False

    async def collect(self, spec: StringSpec, end: EpisodeEnd) -> dict[str, Any]:
        return {"answer": clean(end.answer), "urls": urls_named(self.name, spec, end)}

    @classmethod
    def evidence_of(cls, spec: StringSpec, outcome: StringOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        return {"answer": clean(outcome.answer), "urls": dict(urls)}

    @classmethod
    def recall(cls, spec: StringSpec, past: Past) -> dict[str, Any]:
        return {"answer": clean(past.answer), "urls": urls_recalled(cls.name, spec, past.urls)}

    def score(
        self, spec: StringSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()
    ) -> Score | Question:
        """Scores the cleaned `answer`, site `urls` given for placeholders, with the judge's replies so far."""
        verdicts = [each.model_copy(update={"score": self._read(each.kind, each.reply)}) for each in verdicts]
        if unclear := next((verdict for verdict in verdicts if verdict.score is None), None):
            message = f"the judge's reply gives no verdict on {unclear.reference!r}: {unclear.reply!r}"
            return self._score(0.0, message, evidence, verdicts, flags=(UNCLEAR,))
        known: Verdicts = {(verdict.kind, verdict.reference): verdict.score or 0.0 for verdict in verdicts}
        answer, urls = evidence["answer"], evidence["urls"]
        value, missing = 1.0, []
        for rule, raw in spec.reference_answers.items():
            wanted = render(raw, urls) if isinstance(raw, str) else [render(item, urls) for item in raw]
            if rule == JUDGED:
                judged = _judged(wanted, render(spec.string_note, urls), answer, value, known)
                if isinstance(judged, _Open):
                    return self._question(judged, evidence, verdicts)
                value = judged
                missing += [] if judged else ["the judge said no"]
            else:
                faults = self._faults(rule, wanted, answer)
                value *= float(not faults)
                missing += faults
        return self._score(value, "; ".join(missing) if not value else "the answer matches", evidence, verdicts)

    def _question(self, asked: _Open, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Question:
        lost = self._score(0.0, "a reference text is missing; no judge needed", evidence, verdicts)
        return Question(asked.kind, asked.reference, evidence["answer"], unjudged=lost if asked.moot else None)

    def _faults(self, rule: str, wanted: str | Sequence[str], answer: str) -> list[str]:
        """What the answer lacks under `exact_match` (a text) or `must_include` (a list)."""
        if rule == "exact_match" and isinstance(wanted, str):
            return [] if same(wanted, answer) else [f"the answer is not {wanted!r}"]
        if rule == "must_include" and not isinstance(wanted, str):
            alone = len(wanted) == 1
            return [f"the answer lacks {item!r}" for item in wanted if not self._includes(item, answer, alone=alone)]
        raise TaskFileError(
            f"reference_answers has {rule}: {wanted!r}; expected exact_match: text, must_include: list, "
            f"fuzzy_match: list or '{UNACHIEVABLE}'"
        )

    def _includes(self, item: str, answer: str, *, alone: bool) -> bool:
        if self._scoring.answer_alternatives and ALTERNATIVES in item:
            return any(self._includes(part, answer, alone=alone) for part in item.split(ALTERNATIVES))
        if self._scoring.numbers_by_value and (value := whole_number(item)) is not None:
            return value in numbers(answer)
        # Only the sole item of a list is compared as a word (official).
        return contains_token(item, answer) if alone else contains(item, answer)

    def _read(self, kind: str, reply: str) -> float | None:
        return read_verdict(kind, reply, self._scoring)

    def _score(
        self,
        value: float,
        explanation: str,
        evidence: Mapping[str, Any],
        verdicts: Sequence[Verdict],
        *,
        flags: tuple[str, ...] = (),
    ) -> Score:
        return Score(
            evaluator=self.name,
            value=value,
            explanation=explanation,
            evidence=dict(evidence),
            verdicts=tuple(verdicts),
            flags=flags,
        )


def _reference_answers(node: Node) -> dict[str, str | list[str]]:
    if not isinstance(node.value, dict) or not node.value:
        raise node.wrong("a mapping with exact_match, must_include or fuzzy_match")
    answers: dict[str, str | list[str]] = {}
    for name in node.value:
        wanted = node.key(name)
        match name:
            case "exact_match":
                answers[name] = wanted.text()
            case "must_include":
                answers[name] = wanted.texts()
            case "fuzzy_match" if wanted.value == UNACHIEVABLE:
                answers[name] = UNACHIEVABLE
            case "fuzzy_match" if isinstance(wanted.value, list):
                answers[name] = wanted.texts()
            case "fuzzy_match":
                raise wanted.wrong(f"'{UNACHIEVABLE}' or a list of texts")
            case _:
                raise wanted.fault("no rule of this evaluator; known: exact_match, must_include, fuzzy_match")
    return answers


def _judged(
    wanted: str | Sequence[str],
    note: str,
    answer: str,
    value: float,
    known: Verdicts,
) -> float | _Open:
    """The running score after `fuzzy_match`, or the next question; after a clear no the rest is not asked.

    An answer other than "N/A" to an unachievable task: the verdict replaces the running score (official).
    """
    kind: Kind
    if isinstance(wanted, str):
        if wanted != UNACHIEVABLE:
            raise TaskFileError(f"fuzzy_match: expected a list or '{UNACHIEVABLE}', found {wanted!r}")
        if value == 1.0 and same(UNACHIEVABLE, answer):
            return value
        kind, references, value = "unachievable", [note], 1.0
    else:
        kind, references = "fuzzy", list(wanted)
    for reference in references:
        if (kind, reference) not in known:
            return _Open(kind, reference, moot=value == 0.0)
        if known[kind, reference] == 0.0:
            return 0.0
    return value

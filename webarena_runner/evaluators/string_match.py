"""`string_match`: the agent's answer against reference texts; a judge model decides fuzzy and N/A answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, Field

from webarena_runner.errors import TaskFileError
from webarena_runner.evaluators.answers import EXACT_MATCH, FUZZY_MATCH, MUST_INCLUDE, known_to, read_references
from webarena_runner.evaluators.combine import UNCLEAR
from webarena_runner.evaluators.comparing import Comparing
from webarena_runner.evaluators.evidence import urls_named, urls_recalled
from webarena_runner.evaluators.rules import WEBARENA, is_default, rules_for, rules_named
from webarena_runner.evaluators.text import clean
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, Past, Question
from webarena_runner.official.node import Node
from webarena_runner.official.notation import UNACHIEVABLE, render
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Record, Score, Verdict

Kind = Literal["fuzzy", "unachievable"]
Verdicts = Mapping[tuple[str, str], float]


class StringSpec(Record):
    """Keys of `reference_answers` in file order; values as in the file (a string or a list of them).

    `rules` are those that the record is written for.
    """

    reference_answers: dict[str, str | list[str]]
    string_note: str = ""
    rules: str = Field(default=WEBARENA, exclude_if=is_default)


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
        written_for = rules_named(evaluation)
        return StringSpec(
            reference_answers=read_references(evaluation.key("reference_answers"), written_for),
            string_note=evaluation.get("string_note", "").text(),
            rules=written_for,
        )

    @classmethod
    def writes(cls, spec: StringSpec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: StringSpec) -> bool:
        return FUZZY_MATCH in spec.reference_answers

    @classmethod
    def needs_trace(cls, spec: StringSpec) -> bool:
        return False

    def cannot_score(self, spec: StringSpec) -> str:
        name, rules = rules_for(self._scoring, spec.rules)
        unknown = [rule for rule in spec.reference_answers if rule not in known_to(rules)]
        return f"the rules of {name} know no {', '.join(unknown)} of an answer" if unknown else ""

    async def collect(self, spec: StringSpec, end: EpisodeEnd) -> dict[str, Any]:
        return {**_seen(end.answer), "urls": urls_named(self.name, spec, end)}

    @classmethod
    def evidence_of(cls, spec: StringSpec, outcome: StringOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        return {**_seen(outcome.answer), "urls": dict(urls)}

    @classmethod
    def recall(cls, spec: StringSpec, past: Past) -> dict[str, Any]:
        return {**_seen(past.answer), "urls": urls_recalled(cls.name, spec, past.urls)}

    def score(
        self, spec: StringSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()
    ) -> Score | Question:
        """Scores the answer as it was `given`, site `urls` for placeholders, with the judge's replies so far."""
        verdicts = [each.model_copy(update={"score": self._read(each.kind, each.reply)}) for each in verdicts]
        if unclear := next((verdict for verdict in verdicts if verdict.score is None), None):
            message = f"the judge's reply gives no verdict on {unclear.reference!r}: {unclear.reply!r}"
            return self._score(0.0, message, evidence, verdicts, flags=(UNCLEAR,))
        known: Verdicts = {(verdict.kind, verdict.reference): verdict.score or 0.0 for verdict in verdicts}
        _, rules = rules_for(self._scoring, spec.rules)
        comparing, urls = Comparing(rules, self._scoring), evidence["urls"]
        # Of earlier runs only the cleaned answer was kept.
        answer = comparing.clean(evidence["given"]) if "given" in evidence else evidence["answer"]
        value, missing = 1.0, list[str]()
        for rule, raw in spec.reference_answers.items():
            wanted = render(raw, urls) if isinstance(raw, str) else [render(item, urls) for item in raw]
            if rule == FUZZY_MATCH:
                joined = rules.joins_references and not isinstance(wanted, str)
                references = [", ".join(wanted)] if joined else wanted
                judged = _judged(comparing, references, render(spec.string_note, urls), answer, value, known)
                if isinstance(judged, _Open):
                    return self._question(judged, answer, evidence, verdicts)
                value = judged
                missing += [] if judged else ["the judge said no"]
            else:
                faults = self._faults(comparing, rule, wanted, answer)
                value *= float(not faults)
                missing += faults
        return self._score(value, "; ".join(missing) if not value else "the answer matches", evidence, verdicts)

    def _question(
        self, asked: _Open, answer: str, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]
    ) -> Question:
        lost = self._score(0.0, "a reference text is missing; no judge needed", evidence, verdicts)
        return Question(asked.kind, asked.reference, answer, unjudged=lost if asked.moot else None)

    def _faults(self, comparing: Comparing, rule: str, wanted: str | Sequence[str], answer: str) -> list[str]:
        """What the cleaned answer lacks."""
        if isinstance(wanted, str) and rule == MUST_INCLUDE:
            if not self._scoring.texts_are_lists:
                return [f"{MUST_INCLUDE} is the text {wanted!r}, where the published code takes a list and stops"]
            wanted = [wanted]
        if isinstance(wanted, str) is not (rule == EXACT_MATCH):
            raise TaskFileError(f"{rule} is {wanted!r}; expected exact_match: text, and of other rules a list")
        if isinstance(wanted, str):
            return [] if comparing.same(wanted, answer) else [f"the answer is not {wanted!r}"]
        match rule:
            case "must_include":
                alone = len(wanted) == 1
                lacking = (item for item in wanted if not comparing.answer_includes(item, answer, alone=alone))
                return [f"the answer lacks {item!r}" for item in lacking]
            case "must_exclude":
                return [f"the answer has {item!r}" for item in wanted if not comparing.excludes(item, answer)]
            case "one_of":
                return [] if comparing.is_one_of(wanted, answer) else [f"the answer has none of {wanted!r}"]
        value = comparing.number(answer)
        if value is None:
            return [f"{answer!r:.80} is no number"]
        return [f"{value} is not {condition}" for condition in wanted if not comparing.satisfies(value, condition)]

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


def _seen(answer: str) -> dict[str, str]:
    """The answer as WebArena compares it, and as it was given where that is another text."""
    cleaned = clean(answer)
    return {"answer": cleaned} | ({"given": answer} if answer != cleaned else {})


def _judged(
    comparing: Comparing,
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
        if value == 1.0 and comparing.same(UNACHIEVABLE, answer):
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

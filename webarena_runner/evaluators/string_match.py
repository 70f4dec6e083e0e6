"""`string_match`: the agent's answer against reference texts; a judge model decides fuzzy and N/A answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from webarena_runner.errors import JudgeUnusable, TaskFileError
from webarena_runner.evaluators.evidence import urls_named
from webarena_runner.evaluators.text import clean, contains, contains_token, numbers, same, whole_number
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup
from webarena_runner.official.notation import ALTERNATIVES, UNACHIEVABLE, render
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Check, Score, StringCheck, Verdict

UNCLEAR = "judge_unclear"
Kind = Literal["fuzzy", "unachievable"]
Verdicts = Mapping[tuple[Kind, str], float]


@dataclass(frozen=True)
class Question:
    """What the rule needs a judge for; `moot` when the score is 0 whatever the verdict."""

    kind: Kind
    reference: str
    moot: bool = False


class StringMatch:
    name = "string_match"

    def __init__(self, scoring: ScoringSettings = ScoringSettings()) -> None:  # noqa: B008 - frozen
        self._scoring = scoring

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls(setup.scoring)

    async def evaluate(self, check: Check, end: EpisodeEnd) -> Score:
        answer = clean(end.answer)
        evidence = {"answer": answer, "urls": urls_named(check, end)}
        verdicts: list[Verdict] = []
        while isinstance(outcome := self._assess(check, evidence, verdicts), Question):
            if end.judge is None and outcome.moot:
                return self._lost(evidence, verdicts)
            verdicts.append(await self._ask(outcome, answer, end))
        return outcome

    def score_replied(self, check: Check, *, answer: str, urls: Mapping[str, str], reply: str | None) -> Score:
        """Scores an answer as if the judge, whenever asked, had said `reply` (None: nobody can be asked).

        Raises:
            JudgeUnusable: a judge has to decide, and there is no reply.
        """
        evidence = {"answer": clean(answer), "urls": dict(urls)}
        verdicts: list[Verdict] = []
        while isinstance(outcome := self._assess(check, evidence, verdicts), Question):
            if reply is None:
                return self.score(check, evidence, verdicts)
            verdicts.append(self._verdict(outcome, reply))
        return outcome

    def score(self, check: Check, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score:
        """Scores the cleaned `answer`, site `urls` given for placeholders, with the judge's recorded replies.

        Raises:
            JudgeUnusable: a verdict that decides is not among them.
        """
        verdicts = [each.model_copy(update={"score": self._read(each.kind, each.reply)}) for each in verdicts]
        outcome = self._assess(check, evidence, verdicts)
        if isinstance(outcome, Score):
            return outcome
        if outcome.moot:
            return self._lost(evidence, verdicts)
        raise JudgeUnusable(
            f"the {outcome.kind} verdict on {evidence['answer']!r} against {outcome.reference!r} was not recorded; "
            f"only a run with a judge can score this"
        )

    def _assess(self, check: Check, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Score | Question:
        """The score, or the next question without which it cannot be known."""
        if not isinstance(check, StringCheck):
            raise TaskFileError(f"{self.name} cannot score a check of kind {check.kind}")
        if unclear := next((verdict for verdict in verdicts if verdict.score is None), None):
            told = f"the judge's reply gives no verdict on {unclear.reference!r}: {unclear.reply!r}"
            return self._score(0.0, told, evidence, verdicts, flags=(UNCLEAR,))
        known: Verdicts = {(verdict.kind, verdict.reference): verdict.score or 0.0 for verdict in verdicts}
        answer, urls = evidence["answer"], evidence["urls"]
        value, missing = 1.0, []
        for rule, raw in check.reference_answers.items():
            wanted = render(raw, urls) if isinstance(raw, str) else [render(item, urls) for item in raw]
            if rule == "fuzzy_match":
                judged = _judged(wanted, render(check.string_note, urls), answer, value, known)
                if isinstance(judged, Question):
                    return judged
                value = judged
                missing += [] if judged else ["the judge said no"]
            else:
                faults = self._faults(rule, wanted, answer)
                value *= float(not faults)
                missing += faults
        return self._score(value, "; ".join(missing) if not value else "the answer matches", evidence, verdicts)

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

    async def _ask(self, question: Question, answer: str, end: EpisodeEnd) -> Verdict:
        if end.judge is None:
            raise JudgeUnusable(
                f"task {end.task.task_id} of {end.task.task_set} needs a judge model to decide the answer {answer!r}; "
                f"pass --judge NAME (a model of configs/models), or leave such tasks out"
            )
        intent = render(end.task.intent, end.urls)
        reply = await end.judge.ask(question.kind, intent=intent, reference=question.reference, answer=answer)
        verdict = self._verdict(question, reply.text, judge=end.judge.name)
        return verdict.model_copy(update={"cached": reply.cached, "cost_usd": reply.cost_usd})

    def _verdict(self, question: Question, reply: str, *, judge: str = "") -> Verdict:
        return Verdict(
            kind=question.kind,
            reference=question.reference,
            reply=reply,
            score=self._read(question.kind, reply),
            judge=judge,
            cached=False,
        )

    def _read(self, kind: Kind, reply: str) -> float | None:
        return read_verdict(kind, reply, negation=self._scoring.judge_negation)

    def _lost(self, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Score:
        return self._score(0.0, "a reference text is missing; no judge needed", evidence, verdicts)

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


def _judged(
    wanted: str | Sequence[str],
    note: str,
    answer: str,
    value: float,
    known: Verdicts,
) -> float | Question:
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
            return Question(kind, reference, moot=value == 0.0)
        if known[kind, reference] == 0.0:
            return 0.0
    return value

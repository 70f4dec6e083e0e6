"""An evaluator: the title of the page that the agent ends on."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup
from webarena_runner.official.node import Node
from webarena_runner.types import Record, Score, Verdict


class PageTitle:
    """`collect` looks at the page; `score` decides by what it saw, also years later."""

    name = "page_title"

    class Spec(Record):
        """What is checked: the JSON of a task's `Check.spec`."""

        title: str

    class Outcome(BaseModel, strict=True):
        """What a line for `wa-run score` holds."""

        title: str

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls()

    @classmethod
    def read(cls, evaluation: Node) -> Spec:
        """From a record in the official format, out of what it has below `eval`."""
        return cls.Spec(title=evaluation.key("title").filled_text())

    @classmethod
    def writes(cls, spec: Spec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: Spec) -> bool:
        return False

    @classmethod
    def needs_trace(cls, spec: Spec) -> bool:
        return False

    async def collect(self, spec: Spec, end: EpisodeEnd) -> dict[str, Any]:
        return {"title": await end.page.evaluate("document.title")}

    @classmethod
    def evidence_of(
        cls, spec: Spec, outcome: Outcome, urls: Mapping[str, str]
    ) -> dict[str, Any]:
        return {"title": outcome.title}

    def score(
        self, spec: Spec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]
    ) -> Score:
        seen = evidence["title"]
        explanation = f"the page is called {seen!r}, expected {spec.title!r}"
        return Score(
            evaluator=self.name,
            value=float(seen == spec.title),
            explanation=explanation,
            evidence=evidence,
        )

"""Kinds of check that are read and shown, and cannot be scored here: tasks with them are refused before a run."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup
from webarena_runner.official.node import Node
from webarena_runner.types import Record, Score, Verdict


class VerbatimSpec(Record):
    """The check as it stands in the file."""

    check: dict[str, Any]


class NoOutcome(BaseModel, strict=True):
    """There is none that could be scored."""


class NotScored:
    """`why` is told to whoever chooses such a task."""

    Spec: ClassVar[type[BaseModel]] = VerbatimSpec
    Outcome: ClassVar[type[BaseModel]] = NoOutcome
    why: ClassVar[str]

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls()

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        return VerbatimSpec(check=evaluation.value)

    @classmethod
    def writes(cls, spec: VerbatimSpec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: VerbatimSpec) -> bool:
        return False

    @classmethod
    def needs_trace(cls, spec: VerbatimSpec) -> bool:
        return False

    @classmethod
    def cannot_score(cls, spec: VerbatimSpec) -> str:
        return cls.why

    async def collect(self, spec: VerbatimSpec, end: EpisodeEnd) -> dict[str, Any]:
        raise TaskFileError(self.why)

    @classmethod
    def evidence_of(cls, spec: VerbatimSpec, outcome: NoOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        raise TaskFileError(cls.why)

    def score(self, spec: VerbatimSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score:
        raise TaskFileError(self.why)

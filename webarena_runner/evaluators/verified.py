"""The two kinds of check of WebArena-Verified: that package's own evaluator scores them, in a process of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from webarena_runner.errors import EvidenceMissing, JudgeUnusable, TaskFileError
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, Past
from webarena_runner.official.node import Node
from webarena_runner.types import Record, Score, Verdict

_LONGEST = 600


class VerbatimSpec(Record):
    """The check as it stands in the file."""

    check: dict[str, Any]


class NoOutcome(BaseModel, strict=True):
    """There is none that a line could have."""


class _OfPackage:
    """`EpisodeEnd.verdict` has what the package says of the whole task, a part for each of its checks in order."""

    Spec = VerbatimSpec
    Outcome = NoOutcome
    name: ClassVar[str]
    asks_verified: ClassVar[bool] = True

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls()

    @classmethod
    def writes(cls, spec: VerbatimSpec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: VerbatimSpec) -> bool:
        return False

    @classmethod
    def needs_trace(cls, spec: VerbatimSpec) -> bool:
        """It reads the network log on disk."""
        return False

    @classmethod
    def needs_bodies(cls, spec: VerbatimSpec) -> bool:
        """Whether it looks at what the sites answered, besides status and headers."""
        return bool(spec.check.get("expected", {}).get("response_content"))

    async def collect(self, spec: VerbatimSpec, end: EpisodeEnd) -> dict[str, Any]:
        if end.verdict is None:
            raise JudgeUnusable(f"{self.name}: nobody has asked webarena-verified, which scores it")
        own = next(index for index, check in enumerate(end.task.checks) if check.spec == spec.model_dump(mode="json"))
        return evidence_in(end.verdict, own)

    @classmethod
    def evidence_of(cls, spec: VerbatimSpec, outcome: NoOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        raise TaskFileError(
            "webarena-verified scores it by a network log, which a line has no room for: use wa-run rescore, or export"
        )

    @classmethod
    def recall(cls, spec: VerbatimSpec, past: Past) -> dict[str, Any]:
        raise EvidenceMissing(f"{cls.name}: webarena-verified has to be asked: wa-run rescore RUN --rules verified")

    def score(self, spec: VerbatimSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score:
        says = " ".join("; ".join(evidence["says"]).split())
        return Score(
            evaluator=self.name,
            value=evidence["score"],
            explanation=(evidence["status"] + (f": {says}" if says else ""))[:_LONGEST],
            evidence=dict(evidence),
        )


class AgentResponse(_OfPackage):
    name = "agent_response"

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        evaluation.key("expected").key("task_type").text()
        return VerbatimSpec(check=evaluation.value)

    @classmethod
    def writes(cls, spec: VerbatimSpec) -> bool:
        return bool(str(spec.check["expected"]["task_type"]).lower() == "mutate")


class NetworkEvent(_OfPackage):
    name = "network_event"

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        evaluation.key("expected").key("url")
        return VerbatimSpec(check=evaluation.value)


def evidence_in(verdict: Mapping[str, Any], index: int) -> dict[str, Any]:
    """What a verdict says of one check, with the version and checksums that it was given by.

    The package breaks off at a check that it cannot evaluate, and has nothing of those after it.
    """
    parts = verdict["evaluators"]
    said = parts[index] if index < len(parts) else {"status": "error", "score": 0.0, "says": [verdict["error"]]}
    by = {key: verdict[key] for key in ("version", "evaluator_checksum", "data_checksum")}
    return {**said, "webarena_verified": by}

"""The two kinds of check of WebArena-Verified, which that package's own evaluator scores."""

from webarena_runner.evaluators.not_scored import NotScored, VerbatimSpec
from webarena_runner.official.node import Node

WHY = (
    "only the package webarena-verified scores it, from an answer in JSON and a network log, which runs of this "
    "version do not make of these tasks"
)


class AgentResponse(NotScored):
    name = "agent_response"
    why = WHY

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        evaluation.key("expected").key("task_type").text()
        return super().read(evaluation)

    @classmethod
    def writes(cls, spec: VerbatimSpec) -> bool:
        return bool(spec.check["expected"]["task_type"] == "mutate")


class NetworkEvent(NotScored):
    name = "network_event"
    why = WHY

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        evaluation.key("expected").key("url")
        return super().read(evaluation)

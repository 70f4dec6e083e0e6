"""An agent without a model: follows the link that has most words of the task, and stops."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from webarena_runner.interfaces import AgentSetup
from webarena_runner.types import Click, Decision, Observation, Step, Stop, Task

LINK = re.compile(r"link '(.+)'")


class NearestLink:
    """No hidden state: what it does depends on the task, the steps so far and the page."""

    needs_model: ClassVar[bool] = False

    @classmethod
    def build(cls, setup: AgentSetup) -> Self:
        return cls()

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task; raise UsageError here for tasks that are not for the agent."""

    async def act(
        self,
        task: Task,
        history: Sequence[Step],
        now: Observation,
        *,
        urls: Mapping[str, str],
        trial: int = 0,
    ) -> Decision:
        links = {
            element_id: found[1]
            for element_id, node in now.nodes.items()
            if (found := LINK.match(node.line))
        }
        if history or not links:
            return Decision(action=Stop(answer=""), note="nothing more to follow")
        nearest = max(
            links, key=lambda element_id: len(words(links[element_id]) & words(task.intent))
        )
        return Decision(action=Click(element_id=nearest))


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

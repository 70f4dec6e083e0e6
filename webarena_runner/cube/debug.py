"""What `cube test webarena-mini` plays: tasks of each embedded site, by their reference actions."""

from typing import Any

from cube.core import Action

from webarena_runner.cube.benchmark import WebArenaMiniConfig
from webarena_runner.gym.reference import ReferencePlayer

# Of forum, map, wiki and shop; none needs a judge.
TASKS = ("37", "340", "315", "1", "2")


class ReferenceAgent:
    """Calls the functions that the reference actions stand for."""

    def __init__(self, task_id: str) -> None:
        self._player = ReferencePlayer.of("mini", int(task_id))

    def get_action(self, obs: Any) -> Any:
        done = self._player.next_action(obs.contents[-1].data)
        return Action(name=done.kind, arguments=done.model_dump(exclude={"kind"}))

    def __call__(self, obs: Any, action_set: Any) -> Any:
        return self.get_action(obs)


def get_debug_benchmark() -> Any:
    return WebArenaMiniConfig().subset_from_list(list(TASKS))


def make_debug_agent(task_id: str) -> ReferenceAgent:
    return ReferenceAgent(task_id)

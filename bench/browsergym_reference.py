"""An agent for BrowserGym that plays reference actions: what `bench.adapters` has in the process of the agents."""

from collections.abc import Iterator
from typing import Any

from tests.peer.playing import calls_of
from webarena_runner.gym import ReferencePlayer
from webarena_runner.tasksets import load_task_set


class ReferenceAgent:
    """Made for each episode; tasks of `mini` are told apart by their intents."""

    def __init__(self) -> None:
        self._player: ReferencePlayer | None = None
        self._left: list[str] = []

    def obs_preprocessor(self, obs: dict[str, Any]) -> dict[str, Any]:
        return obs

    def get_action(self, obs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if self._player is None:
            tasks = load_task_set("mini").load().tasks
            self._player = ReferencePlayer(next(task for task in tasks if task.intent == obs["goal"]))
        if not self._left:
            self._left = list(calls_of(self._player.next_action("\n".join(_lines(obs)))))
        return self._left.pop(0), {}


def _lines(obs: dict[str, Any]) -> Iterator[str]:
    for node in obs["axtree_object"]["nodes"]:
        if bid := node.get("browsergym_id"):
            yield f"[{bid}] {node['role']['value']} {node.get('name', {}).get('value', '')!r}"

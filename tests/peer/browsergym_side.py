"""The other side of the tests with BrowserGym: runs in an environment that has it, and plays tasks in its environment.

Asked as `package_side` is. The working folder has `config_files` from `wa-run sites serve --write-configs`.
"""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chromium import in_lines, tokenize_without_data, use_chromium

SIDE = Path(__file__).parents[2] / "webarena_runner" / "agents" / "browsergym" / "side.py"
AGENT = "agentlab.agents.generic_agent.AGENT_4o_MINI"
UNTIMED = {"slow_mo": 0, "pre_observation_delay": 0.2}
# How long an action may take there, with what begins to load after it; on a busy machine that is too little.
LIMIT, PATIENT_LIMIT = "timeout=500", "timeout=10_000"


def main(executable: str, arguments: list[str]) -> None:
    use_chromium(executable, arguments)
    tokenize_without_data()
    sys.path.insert(0, "config_files")
    in_lines(BrowserGymSide())


class BrowserGymSide:
    """One method for each thing that can be asked."""

    def __init__(self) -> None:
        self._env: Any = None
        self._shown: dict[str, Any] = {}

    def reset(self, task_id: int, *, as_published: bool = False) -> dict[str, Any]:
        """An episode of a registered task; `as_published`: with the delays and limits that BrowserGym has."""
        import browsergym_tasks
        import gymnasium
        from browsergym.core.action.highlevel import HighLevelActionSet

        self.close()
        actions = HighLevelActionSet(subsets=["webarena"], multiaction=False, retry_with_force=True, demo_mode="off")

        def patiently(action: str) -> str:
            return actions.to_python_code(action).replace(LIMIT, PATIENT_LIMIT)

        self._env = gymnasium.make(
            f"browsergym/{browsergym_tasks.name_of(task_id)}",
            disable_env_checker=True,
            action_mapping=actions.to_python_code if as_published else patiently,
            # Without it a newer Chromium has pages of 800 x 600.
            resizeable_window=True,
            **({} if as_published else UNTIMED),
        )
        self._shown, _ = self._env.reset(seed=0)
        return _seen(self._shown)

    def state(self) -> dict[str, Any]:
        """The episode's cookies."""
        return dict(self._env.unwrapped.context.storage_state())

    def prompt(self, observation: dict[str, Any] | None = None) -> dict[str, Any]:
        """What AgentLab's generic agent asks its model, of the episode's latest observation or one from elsewhere."""
        from agentlab.agents.generic_agent.generic_agent_prompt import MainPrompt

        sys.path.insert(0, str(SIDE.parent))
        import side

        make, _ = side.load(AGENT)
        agent = make()
        shown = self._shown if observation is None else side.observed(observation)
        history = [agent.obs_preprocessor(shown)]
        empty: list[Any] = []
        prompt = MainPrompt(agent.action_set, history, empty, empty, empty, "", 0, agent.flags)
        return {"text": str(prompt.prompt)}

    def step(self, action: str) -> dict[str, Any]:
        observation, reward, terminated, truncated, info = self._env.step(action)
        told = {"reward": float(reward), "ended": terminated or truncated, "task_info": info["task_info"]}
        return _seen(observation) | told

    def close(self) -> dict[str, Any]:
        if self._env is not None:
            self._env.close()
            self._env = None
        return {}


def _seen(observation: dict[str, Any]) -> dict[str, Any]:
    """The accessibility tree in lines as the official text has them, with the bid of the nearest element as the id."""
    properties = observation["extra_element_properties"]
    boxes = {bid: each["bbox"] for bid, each in properties.items() if each["bbox"]}
    return {
        "text": "\n".join(_lines(observation["axtree_object"]["nodes"], boxes)),
        "boxes": boxes,
        "url": observation["url"],
        "tabs": list(observation["open_pages_titles"]),
        "error": observation["last_action_error"],
    }


def _lines(nodes: list[dict[str, Any]], boxes: dict[str, Any]) -> Iterator[str]:
    by_id = {node["nodeId"]: node for node in nodes}

    def below(node: dict[str, Any], bid: str) -> Iterator[str]:
        bid = node.get("browsergym_id", bid)
        name = node.get("name", {}).get("value", "")
        if bid in boxes and name:
            yield f"[{bid}] {node['role']['value']} {name!r}"
        for child in map(by_id.get, node["childIds"]):
            if child is not None and child is not node:
                yield from below(child, bid)

    return below(nodes[0], "")


if __name__ == "__main__":
    main(sys.argv[1], shlex.split(sys.argv[2]))

"""What a step costs through each adapter, beside a run of the command line: the same reference actions, in turn.

Milliseconds from one step to the next, the choice of the action included; the first and the last step of an episode
(start, scoring) do not count. Adapters whose package is not here are left out. An agent for BrowserGym, in a process of
such agents, is beside the same profile without it, which looks at pages as BrowserGym does. Run it with:
.venv-openenv/bin/python -m bench.adapters [--task 2] [--rounds 5]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import gymnasium

from tests.peer.openenv_served import WA_RUN, served
from webarena_runner.gym import ENV_ID, ReferencePlayer

Episode = Callable[[], list[float]]
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples" / "frameworks"
MS = 1000
COMMAND_LINE, PROFILE = "command line", "command line, --profile browsergym"
# Where it is not the command line.
BESIDE = {"an agent for BrowserGym": PROFILE}


def of_the_command_line(task_id: int, stack: ExitStack, agent: str = "oracle", *options: str) -> Episode:
    out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    number = iter(range(1_000_000))
    chosen = ("--agent", agent, "--task-set", "mini", "--tasks", str(task_id), "-o", "observation.ids=stable", *options)

    def episode() -> list[float]:
        run_id = f"run{next(number)}"
        command = [WA_RUN, *chosen, "--screenshots", "none", "--out", out, "--run-id", run_id, "--fail-under", "100%"]
        subprocess.run(list(map(str, command)), check=True, capture_output=True, env=os.environ | {"PYTHONPATH": "."})
        steps = (out / run_id / "episodes" / f"{task_id}.0" / "steps.jsonl").read_text().splitlines()
        began = [datetime.fromisoformat(json.loads(step)["started_at"]).timestamp() for step in steps]
        return [MS * (later - earlier) for earlier, later in pairwise(began)]

    return episode


def of_the_profile(task_id: int, stack: ExitStack) -> Episode:
    return of_the_command_line(task_id, stack, "oracle", "--profile", "browsergym")


def of_browsergym_agents(task_id: int, stack: ExitStack) -> Episode:
    agent = "browsergym:bench.browsergym_reference.ReferenceAgent"
    return of_the_command_line(task_id, stack, agent, "--profile", "browsergym")


def timed(player: ReferencePlayer, text: str, step: Callable[[str], tuple[str, bool]]) -> list[float]:
    """Of all steps but the last, which is scored."""
    spent, done = [], False
    while not done:
        started = time.perf_counter()
        text, done = step(player.next(text))
        spent.append(MS * (time.perf_counter() - started))
    return spent[:-1]


def of_gymnasium(task_id: int, stack: ExitStack) -> Episode:
    env: Any = gymnasium.make(ENV_ID, task_id=task_id)
    stack.callback(env.close)

    def step(action: str) -> tuple[str, bool]:
        seen, _, terminated, truncated, _ = env.step(action)
        return seen["text"], terminated or truncated

    def episode() -> list[float]:
        seen, _ = env.reset()
        return timed(ReferencePlayer.of("mini", task_id), seen["text"], step)

    return episode


def of_openenv(task_id: int, stack: ExitStack) -> Episode:
    from webarena_runner.openenv.client import WebArenaClient

    client = stack.enter_context(WebArenaClient(stack.enter_context(served(2)).url).sync())

    def step(action: str) -> tuple[str, bool]:
        result = client.step(action)
        return result.observation.text, result.done

    def episode() -> list[float]:
        seen = client.reset(task_id=task_id).observation
        return timed(ReferencePlayer.of("mini", task_id), seen.text, step)

    return episode


def of_cube(task_id: int, stack: ExitStack) -> Episode:
    from webarena_runner.cube.benchmark import WebArenaMiniConfig

    return of_task(task_id, next(WebArenaMiniConfig().subset_from_list([str(task_id)]).get_task_configs()), stack)


def of_cube_server(task_id: int, stack: ExitStack) -> Episode:
    sys.path.insert(0, str(EXAMPLES))
    cube_remote = import_module("cube_remote")
    benchmark = cube_remote.WebArenaRemote(url=stack.enter_context(served(2, kind="cube")).url)
    return of_task(task_id, next(benchmark.subset_from_list([str(task_id)]).get_task_configs()), stack)


def of_task(task_id: int, config: Any, stack: ExitStack) -> Episode:
    from webarena_runner.cube.debug import ReferenceAgent

    task: Any = config.make()
    stack.callback(task.close)

    def episode() -> list[float]:
        seen, agent, spent, done = task.reset()[0], ReferenceAgent(str(task_id)), [], False
        while not done:
            started = time.perf_counter()
            out = task.step(agent.get_action(seen))
            seen, done = out.obs, out.done
            spent.append(MS * (time.perf_counter() - started))
        return spent[:-1]

    return episode


def here() -> Iterator[tuple[str, Callable[[int, ExitStack], Episode]]]:
    yield COMMAND_LINE, of_the_command_line
    yield "Gymnasium", of_gymnasium
    if find_spec("openenv"):
        yield "OpenEnv", of_openenv
    if find_spec("cube"):
        yield "CUBE, in its process", of_cube
        yield "CUBE, by a server", of_cube_server
    yield PROFILE, of_the_profile
    yield "an agent for BrowserGym", of_browsergym_agents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--task", type=int, default=2, help="of mini")
    parser.add_argument("--rounds", type=int, default=5, help="episodes of each, in turn")
    given = parser.parse_args()
    with ExitStack() as stack:
        episodes = {name: make(given.task, stack) for name, make in here()}
        spent: dict[str, list[float]] = {name: [] for name in episodes}
        for number in range(given.rounds + 1):
            for name, episode in episodes.items():
                steps = episode()
                print(f"{name}: {', '.join(f'{step:.0f}' for step in steps)} ms", file=sys.stderr, flush=True)
                # The first of each starts things.
                spent[name] += steps if number else []
    print("| adapter | steps | median ms a step | beside | ratio |\n|---|---|---|---|---|")
    for name, each in spent.items():
        base = BESIDE.get(name, COMMAND_LINE)
        print(f"| {name} | {len(each)} | {median(each):.1f} | {base} | {median(each) / median(spent[base]):.2f} |")


if __name__ == "__main__":
    main()

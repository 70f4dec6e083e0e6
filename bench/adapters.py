"""What a step costs through each adapter, beside a run of the command line: the same reference actions, in turn.

Milliseconds from one step to the next, the choice of the action included; the first and the last step of an episode
(start, scoring) do not count. Adapters whose package is not here are left out. Run it with:
.venv-openenv/bin/python -m bench.adapters [--task 2] [--rounds 5]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import gymnasium

from webarena_runner.gym import ENV_ID, ReferencePlayer

WA_RUN = Path(sys.executable).with_name("wa-run")
Episode = Callable[[], list[float]]
MS = 1000


def of_the_command_line(task_id: int, stack: ExitStack) -> Episode:
    out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    number = iter(range(1_000_000))

    def episode() -> list[float]:
        run_id = f"run{next(number)}"
        chosen = ("--model", "oracle", "--task-set", "mini", "--tasks", str(task_id), "-o", "observation.ids=stable")
        command = [WA_RUN, *chosen, "--screenshots", "none", "--out", out, "--run-id", run_id]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        steps = (out / run_id / "episodes" / f"{task_id}.0" / "steps.jsonl").read_text().splitlines()
        began = [datetime.fromisoformat(json.loads(step)["started_at"]).timestamp() for step in steps]
        return [MS * (later - earlier) for earlier, later in pairwise(began)]

    return episode


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

    command = [WA_RUN, "env", "serve", "--port", "0", "--sessions", "2"]
    server = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    stack.callback(server.wait)
    stack.callback(server.terminate)
    assert server.stdout is not None
    client = stack.enter_context(WebArenaClient(server.stdout.readline().strip()).sync())

    def step(action: str) -> tuple[str, bool]:
        result = client.step(action)
        return result.observation.text, result.done

    def episode() -> list[float]:
        seen = client.reset(task_id=task_id).observation
        return timed(ReferencePlayer.of("mini", task_id), seen.text, step)

    return episode


def of_cube(task_id: int, stack: ExitStack) -> Episode:
    from webarena_runner.cube.benchmark import WebArenaMiniConfig
    from webarena_runner.cube.debug import ReferenceAgent

    config = WebArenaMiniConfig().subset_from_list([str(task_id)])
    task: Any = next(iter(config.get_task_configs())).make()
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
    yield "command line", of_the_command_line
    yield "Gymnasium", of_gymnasium
    if find_spec("openenv"):
        yield "OpenEnv", of_openenv
    if find_spec("cube"):
        yield "CUBE", of_cube


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
                # The first of each starts things.
                spent[name] += episode() if number else episode()[:0]
    base = median(spent["command line"])
    print("| adapter | steps | median ms a step | beside the command line |\n|---|---|---|---|")
    for name, each in spent.items():
        print(f"| {name} | {len(each)} | {median(each):.1f} | {median(each) / base:.2f} |")


if __name__ == "__main__":
    main()

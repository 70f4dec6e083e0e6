"""The task files in this folder as a benchmark of AgentLab 0.4: `Study(agent_args, agentlab_benchmark.benchmark())`.

`wa-run sites serve --write-configs` leaves this file there, beside `browsergym_tasks`, which it needs.
"""

from dataclasses import dataclass
from typing import Any

import browsergym_tasks as tasks
from agentlab.experiments.loop import EnvArgs
from browsergym.experiments.benchmark.base import Benchmark
from browsergym.experiments.benchmark.configs import DEFAULT_HIGHLEVEL_ACTION_SET_ARGS
from browsergym.webarena.instance import WebArenaInstance

MAX_STEPS = 30


@dataclass
class ServedEnvArgs(EnvArgs):  # type: ignore[misc]
    """A worker process that unpickles one imports this module, by which the tasks are registered there too."""


@dataclass
class ServedBenchmark(Benchmark):  # type: ignore[misc]
    def prepare_backends(self) -> None:
        """Resets the sites before a study. None of AgentLab's own back-ends is asked: they open official tasks."""
        WebArenaInstance().full_reset(skip_if_not_set=False)


def benchmark(max_steps: int = MAX_STEPS) -> Any:
    """All tasks, with the action set that AgentLab uses for WebArena."""
    return ServedBenchmark(
        name=tasks.TASK_SET,
        high_level_action_set_args=DEFAULT_HIGHLEVEL_ACTION_SET_ARGS["webarena"],
        is_multi_tab=True,
        # The sites are shared, and each task sees what the others do.
        supports_parallel_seeds=False,
        env_args_list=[ServedEnvArgs(tasks.name_of(task_id), 0, max_steps) for task_id in tasks.task_files()],
        backends=[],
    )

"""The task sets as CUBE benchmarks; `webarena-mini` and `webarena` are their entry points."""

from functools import cache
from typing import Any, ClassVar

from cube.benchmark import Benchmark, BenchmarkConfig, BenchmarkMetadata, ResetIsolation

from webarena_runner import __version__
from webarena_runner.cube.task import OfficialTaskConfig, WebArenaTaskConfig, metadata_of
from webarena_runner.cube.tool import WebArenaToolConfig
from webarena_runner.gym.env import WebArenaEnv
from webarena_runner.tasksets import load_task_set


class WebArenaBenchmark(Benchmark):  # type: ignore[misc]
    """Keeps browser and sites open, which the tasks of this process share."""

    _env: WebArenaEnv | None = None

    def _setup(self) -> None:
        given = self.config.tool_config or WebArenaToolConfig()
        task_set = self.config.task_config_class.task_set()
        first = next(iter(self.config.tasks()))
        self._env = given.of(task_set, int(first) if first.isdigit() else first).environment()
        self._env.start()

    def close(self) -> None:
        env, self._env = self._env, None
        if env is not None:
            env.close()


class WebArenaMiniConfig(BenchmarkConfig):  # type: ignore[misc]
    """The embedded set: nothing has to be installed, and every episode has sites of its own."""

    benchmark_metadata: ClassVar[Any] = BenchmarkMetadata(
        name="webarena-mini",
        version=__version__,
        description="Web tasks on embedded copies of a shop, a forum, a code host, a map, a wiki and an admin panel",
        license="Apache-2.0",
        tags=["web", "browser"],
        num_tasks=len(load_task_set("mini").load().tasks),
        reset_isolation=ResetIsolation.NEW_INSTANCE,
    )
    task_metadata: ClassVar[dict[str, Any]] = {
        str(task.task_id): metadata_of(task) for task in load_task_set("mini").load().tasks
    }
    task_config_class: ClassVar[Any] = WebArenaTaskConfig
    benchmark_class: ClassVar[Any] = WebArenaBenchmark


class WebArenaConfig(BenchmarkConfig):  # type: ignore[misc]
    """The official set, which is fetched (`wa-run tasks fetch webarena`), on sites of the user's."""

    benchmark_metadata: ClassVar[Any] = BenchmarkMetadata(
        name="webarena",
        version=__version__,
        description="The tasks of WebArena, on sites given by a sites file",
        tags=["web", "browser"],
        num_tasks=812,
        reset_isolation=ResetIsolation.APP_LEVEL,
    )
    task_config_class: ClassVar[Any] = OfficialTaskConfig
    benchmark_class: ClassVar[Any] = WebArenaBenchmark

    @property
    def task_metadata(self) -> dict[str, Any]:
        """Raises UsageError when the tasks have not been fetched."""
        return _official()


@cache
def _official() -> dict[str, Any]:
    return {str(task.task_id): metadata_of(task) for task in load_task_set("webarena").load().tasks}

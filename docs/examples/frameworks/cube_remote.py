"""WebArena in cube-harness, on a server: wa-run env serve --kind cube --sessions 4

cube-harness pins another release of Playwright than webarena-runner needs, so browser and
sites are in the server's environment. This file needs cube-standard alone: copy it to
where your recipe is, and import it there.

benchmark_config=WebArenaRemote(url="http://127.0.0.1:8000").subset_from_list(["37"])
"""

from contextlib import suppress
from functools import cache
from typing import Any, ClassVar

import httpx
from cube.benchmark import Benchmark, BenchmarkConfig, BenchmarkMetadata
from cube.core import STOP_ACTION, ActionSchema, AgentStop, EnvironmentOutput, Observation
from cube.task import Task, TaskConfig, TaskMetadata
from cube.tool import AbstractTool, ToolConfig

URL = "http://127.0.0.1:8000"
# A reset waits for other clients' tasks where sites are shared. CUBE's own client: 10 s.
TIMEOUT_S = 900.0


class RemoteError(Exception):
    """No server, or it refused, or what a task needs failed: there is no score."""


class Server:
    """JSON-RPC over one connection, which CUBE's own client makes anew for each call."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(timeout=TIMEOUT_S, trust_env=False)

    def call(self, method: str, **params: Any) -> Any:
        """Raises RemoteError."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            answer = self._http.post(self._url, json=body).raise_for_status().json()
        except httpx.ConnectError as error:
            raise RemoteError(
                f"{self._url}: no server answers ({method}); is `wa-run env serve --kind "
                "cube` running there?"
            ) from error
        except (httpx.HTTPError, ValueError) as error:
            raise RemoteError(
                f"{self._url}: {method}: {error or type(error).__name__}"
            ) from error
        if "error" in answer:
            raise RemoteError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()


class RemoteTool(AbstractTool):
    """A session of the server; `outcome` is reward and info once the episode is over."""

    def __init__(self, url: str, task_id: str) -> None:
        with Server(url) as server:
            config = {"metadata": {"id": task_id}}
            self._session = Server(server.call("cube/spawn", task_config=config))
        self.outcome: tuple[float, dict[str, Any]] | None = None
        self.failure: RemoteError | None = None

    def begin(self) -> tuple[Observation, dict[str, Any]]:
        self.outcome, self.failure = None, None
        begun = self._call("cube/reset")
        return Observation.model_validate(begun["obs"]), begun["info"]

    def execute_action(self, action: Any) -> Observation:
        """Raises RemoteError, by which cube-harness plays the episode again later."""
        done = self._call(
            "cube/step",
            name=action.name,
            arguments=action.arguments,
            action_id=action.id,
        )
        out = EnvironmentOutput.model_validate(done)
        if out.done:
            self.outcome = (out.reward, out.info)
        if action.name == STOP_ACTION.name:
            raise AgentStop(out.obs)
        return out.obs

    def score(self) -> tuple[float, dict[str, Any]]:
        """Of an episode that is not over: it ends there."""
        if self.failure is not None:
            raise self.failure
        if self.outcome is None:
            scored = self._call("cube/evaluate")
            self.outcome = (scored["reward"], scored["info"])
        return self.outcome

    @property
    def action_set(self) -> list[ActionSchema]:
        return [ActionSchema.model_validate(each) for each in self._call("tools/list")]

    def close(self) -> None:
        """A server that is gone has closed it."""
        with self._session as session, suppress(RemoteError):
            session.call("cube/close")

    def _call(self, method: str, **params: Any) -> Any:
        try:
            return self._session.call(method, **params)
        except RemoteError as error:
            self.failure = error
            raise


class RemoteToolConfig(ToolConfig):
    url: str = URL
    task_id: str = ""

    def make(self, container: Any = None) -> RemoteTool:
        return RemoteTool(self.url, self.task_id)


class RemoteTask(Task[TaskMetadata, RemoteTool]):
    def reset(self) -> tuple[Observation, dict[str, Any]]:
        return self.tool.begin()

    def evaluate(self, obs: Any = None) -> tuple[float, dict[str, Any]]:
        reward, info = self.tool.score()
        return reward, dict(info)

    def finished(self, obs: Any = None) -> bool:
        return self.tool.outcome is not None


class RemoteTaskConfig(TaskConfig[TaskMetadata]):
    def make(self, runtime_context: Any = None) -> RemoteTask:
        return RemoteTask(
            metadata=self.metadata,
            tool_config=self.tool_config,
            runtime_context=runtime_context,
        )


class RemoteBenchmark(Benchmark):
    """Browser and sites are the server's."""

    def _setup(self) -> None:
        """Raises RemoteError when there is no server."""
        with Server(self.config.url) as server:
            server.call("cube/info")

    def close(self) -> None:
        """Tasks close their own sessions."""


class WebArenaRemote(BenchmarkConfig):
    """All tasks that the server serves."""

    url: str = URL
    task_config_class: ClassVar[type[TaskConfig]] = RemoteTaskConfig
    benchmark_class: ClassVar[type[Benchmark]] = RemoteBenchmark

    @property
    def benchmark_metadata(self) -> BenchmarkMetadata:
        return BenchmarkMetadata.model_validate(_told(self.url, "cube/info"))

    @property
    def task_metadata(self) -> dict[str, TaskMetadata]:
        tasks = map(TaskMetadata.model_validate, _told(self.url, "cube/tasks"))
        return {task.id: task for task in tasks}

    def get_task_configs(self):
        for metadata in self.tasks().values():
            tool_config = RemoteToolConfig(url=self.url, task_id=metadata.id)
            yield RemoteTaskConfig(metadata=metadata, tool_config=tool_config)


@cache
def _told(url: str, method: str) -> Any:
    with Server(url) as server:
        return server.call(method)

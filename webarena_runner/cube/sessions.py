"""The tasks that clients of a server have open."""

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from cube.benchmark import BenchmarkMetadata
from cube.core import Action, AgentStop, Observation

from webarena_runner import __version__
from webarena_runner.cube.task import WebArenaTask, metadata_of
from webarena_runner.cube.tool import WebArenaToolConfig
from webarena_runner.errors import UsageError
from webarena_runner.gym.env import WebArenaEnv
from webarena_runner.types import Task

# HTTP does not tell that a client has gone: a session that was not used for so long gives its place to the next one.
UNUSED_S = 1800.0
# As `cube list` names them.
NAMES = {"mini": "webarena-mini"}
Params = Mapping[str, Any]


@dataclass
class Session:
    """One task of one client's; `lock` keeps its calls in turn, as the steps of an episode are."""

    task: WebArenaTask
    lock: threading.Lock = field(default_factory=threading.Lock)
    used_at: float = field(default_factory=monotonic)

    def call(self, do: Callable[[WebArenaTask, Params], Any], params: Params) -> Any:
        with self.lock:
            try:
                return do(self.task, params)
            finally:
                self.used_at = monotonic()


class Sessions:
    """Called from several threads."""

    def __init__(self, config: WebArenaToolConfig, tasks: Sequence[Task], *, limit: int) -> None:
        self._config = config
        self._tasks = {str(task.task_id): task for task in tasks}
        self._limit = limit
        self._lock = threading.Lock()  # guards _opened and _taken
        self._opened: dict[str, Session] = {}
        self._taken = 0  # places of sessions that are being made
        self._keeper: WebArenaEnv | None = None

    def start(self) -> None:
        """Browser and sites, which all sessions share. Raises UsageError when they are not there."""
        first = next(iter(self._tasks.values()))
        self._keeper = self._config.of(self._config.task_set, first.task_id).environment()
        self._keeper.start()

    def end(self) -> None:
        self.close()
        if self._keeper is not None:
            self._keeper.close()

    def close(self, _: Params | None = None) -> None:
        """All of them."""
        with self._lock:
            left, self._opened = self._opened, {}
        for session in left.values():
            session.task.close()

    def info(self, _: Params) -> Any:
        return BenchmarkMetadata(
            name=NAMES.get(self._config.task_set, self._config.task_set),
            version=__version__,
            description="Web tasks in a real browser",
            tags=["web", "browser"],
            num_tasks=len(self._tasks),
        ).model_dump(mode="json")

    def tasks(self, params: Params) -> list[Any]:
        """Those from `offset` on, at most `limit`; or the one with `task_id`."""
        asked, offset, limit = params.get("task_id"), params.get("offset", 0), params.get("limit")
        for name, value in (("offset", offset), ("limit", limit)):
            if value is not None and (not isinstance(value, int) or value < 0):
                raise UsageError(f"{name} {value!r}: expected a number from 0 on")
        chosen = [task for name, task in self._tasks.items() if asked in (None, name)]
        end = None if limit is None else offset + limit
        return [metadata_of(task).model_dump(mode="json") for task in chosen[offset:end]]

    def task_configs(self, params: Params) -> list[Any]:
        """What `spawn` takes."""
        return [{"metadata": each} for each in self.tasks(params)]

    def spawn(self, params: Params) -> str:
        """The name of a new session.

        Raises:
            UsageError: there is no such task, or no place.
        """
        if asked := sorted({"host", "port"} & set(params)):
            raise UsageError(f"{asked[0]}: all sessions are at this server's own address; leave it out")
        task_id = _task_id(params)
        if task_id not in self._tasks:
            raise UsageError(
                f"task {task_id!r} is none of the {len(self._tasks)} tasks that are served; cube/tasks lists them"
            )
        task = self._tasks[task_id]
        config = self._config.of(self._config.task_set, task.task_id)
        if (left := self._take_place()) is not None:
            left.task.close()
        name, made = secrets.token_hex(8), None
        try:
            made = Session(WebArenaTask(metadata=metadata_of(task), tool_config=config))
        finally:
            with self._lock:
                self._taken -= 1
                if made is not None:
                    self._opened[name] = made
        return name

    def methods(self, name: str) -> Mapping[str, Callable[[Params], Any]]:
        """Those of a session. Raises UsageError when it is there no more."""
        with self._lock:
            session = self._opened.get(name)
        if session is None:
            raise UsageError(
                f"there is no session {name!r:.40}: it was closed, or had not been used for {UNUSED_S / 60:g} minutes "
                "when another client needed its place; spawn the task again"
            )
        bound = {method: _bound(session, do) for method, do in METHODS.items()}
        return bound | {"cube/close": lambda _: self._leave(name)}

    def _leave(self, name: str) -> None:
        with self._lock:
            session = self._opened.pop(name, None)
        if session is not None:
            with session.lock:
                session.task.close()

    def _take_place(self) -> Session | None:
        """For a session that is to be made; what has to be closed for it, if any. Raises UsageError: all are in use."""
        with self._lock:
            if len(self._opened) + self._taken < self._limit:
                self._taken += 1
                return None
            name, session = min(self._opened.items(), key=lambda each: each[1].used_at, default=("", None))
            if session is None or session.lock.locked() or monotonic() - session.used_at < UNUSED_S:
                raise UsageError(
                    f"all {self._limit} sessions are in use: close one with cube/close, or start the server with more "
                    "(--sessions)"
                )
            del self._opened[name]
            self._taken += 1
            return session


def _bound(session: Session, do: Callable[[WebArenaTask, Params], Any]) -> Callable[[Params], Any]:
    return lambda params: session.call(do, params)


def _task_id(params: Params) -> str:
    """Of a task configuration, of which nothing else is read: a type that it names is not loaded."""
    match params.get("task_config"):
        case {"metadata": {"id": str(task_id)}}:
            return task_id
    raise UsageError("task_config: expected one of those of cube/task_configs, with metadata.id")


def _action(task: WebArenaTask, params: Params) -> Action:
    """Raises UsageError when it names no action, or the episode takes none."""
    name, arguments = params.get("name"), params.get("arguments") or {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise UsageError("expected the name of an action, and its arguments as an object")
    _require_begun(task)
    if task.tool.is_over:
        raise UsageError(f"the episode of task {task.id} is over ({_end(task)}): call cube/reset for another one")
    number = params.get("action_id")
    return Action(name=name, arguments=arguments, id=number if isinstance(number, str) else None)


def _require_begun(task: WebArenaTask) -> None:
    if not task.tool.has_begun:
        raise UsageError("no episode is under way: call cube/reset first")


def _end(task: WebArenaTask) -> str:
    if task.tool.failure is not None:
        return f"error: {task.tool.failure}"
    return f"ending: {task.tool.info['ending']}, reward {task.tool.reward}"


def _reset(task: WebArenaTask, _: Params) -> Any:
    seen, info = task.reset()
    return {"obs": seen.model_dump(mode="json"), "info": info}


def _evaluate(task: WebArenaTask, _: Params) -> Any:
    _require_begun(task)
    reward, info = task.evaluate()
    return {"reward": reward, "info": info}


def _tools_call(task: WebArenaTask, params: Params) -> Any:
    try:
        seen: Observation = task.tool.execute_action(_action(task, params))
    except AgentStop as stop:
        seen = stop.observation
    return seen.model_dump(mode="json")


METHODS: Mapping[str, Callable[[WebArenaTask, Params], Any]] = {
    "tools/list": lambda task, _: [action.model_dump(mode="json") for action in task.action_set],
    "tools/call": _tools_call,
    "cube/reset": _reset,
    "cube/step": lambda task, params: task.step(_action(task, params)).model_dump(mode="json"),
    "cube/evaluate": _evaluate,
    "cube/status": lambda task, _: task.get_status(),
    "cube/privileged_info": lambda task, _: task.get_privileged_info().model_dump(mode="json"),
}

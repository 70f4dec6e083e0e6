"""One client's episodes, one after another."""

import asyncio
import base64
import logging
import random
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import EnvironmentMetadata

from webarena_runner import __version__
from webarena_runner.actions.id_grammar import extract_action
from webarena_runner.errors import EpisodeError, UsageError
from webarena_runner.gym.play import Play, Turn
from webarena_runner.gym.setting import Setting
from webarena_runner.gym.view import View, is_terminal
from webarena_runner.interfaces.environments import EnvironmentProvider
from webarena_runner.openenv.models import WebArenaAction, WebArenaObservation, WebArenaState
from webarena_runner.types import Action, Decision, Invalid, Task, TaskId

log = logging.getLogger(__name__)
RESET_ARGUMENTS: dict[str, tuple[tuple[type, ...], str]] = {
    "seed": ((int,), "an integer"),
    "episode_id": ((str,), "a text"),
    "task_id": ((int, str), "an id"),
    "split": ((str,), "a text"),
    "index": ((int,), "an integer"),
    "max_steps": ((int,), "an integer"),
    "step_timeout_s": ((int, float), "a number of seconds"),
}
# How long a session that is left may take to give back its browser context and sites.
LEAVE_LIMIT_S = 60


@dataclass(frozen=True)
class Shared:
    """What all sessions share; `loop` is the one that the provider, and so every episode, runs on."""

    setting: Setting
    view: View
    provider: EnvironmentProvider
    loop: asyncio.AbstractEventLoop
    task_set: str
    task_ids: Sequence[TaskId]
    plays: set[Play] = field(default_factory=set)


class Session(Environment):  # type: ignore[misc]
    """Made for each connection, and for each question about tasks or metadata: nothing is started before `reset`."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self._random = random.Random()
        self._play: Play | None = None
        self._turn: Turn | None = None
        self._state = WebArenaState(task_set=shared.task_set)

    # The server asks the signature for what may be passed: without `**more` it drops what it does not know in silence.
    async def reset_async(self, seed: int | None = None, episode_id: str | None = None, **more: Any) -> Any:
        """Begins an episode; see `RESET_ARGUMENTS`.

        Raises:
            UsageError: an unknown argument, task or limit.
            EpisodeError: sites or browser failed; another reset may help.
        """
        _require_arguments(more | {"seed": seed, "episode_id": episode_id})
        task, settings = self._chosen(seed, more)
        await self._leave()
        self._state = WebArenaState(
            episode_id=episode_id or str(uuid.uuid4()),
            task_set=self._shared.task_set,
            task_id=task.task_id,
            max_steps=settings.limits.max_steps,
        )
        self._play = Play(self._shared.provider, settings, task)
        self._shared.plays.add(self._play)
        try:
            self._turn = await self._play.begin()
        except EpisodeError as error:
            await self._failed(error)
            raise
        return self._shown(None)

    async def step_async(self, action: WebArenaAction, timeout_s: float | None = None, **more: Any) -> Any:
        """Raises EpisodeError when infrastructure failed: there is no reward, and the next call must be a reset."""
        if self._play is None or self._turn is None:
            raise UsageError(
                f"the episode is over (ending: {self._state.ending}); call reset first"
                if self._state.ending
                else "no episode is under way; call reset first"
            )
        done = self._read(action.action, self._turn)
        try:
            self._turn = await self._play.decide(Decision(action=done))
        except EpisodeError as error:
            await self._failed(error)
            raise
        self._state.step_count += 1
        return await self._after(done)

    def reset(self, seed: int | None = None, episode_id: str | None = None, **more: Any) -> Any:
        """Not called: the server prefers `reset_async`."""
        raise NotImplementedError("use reset_async")

    def step(self, action: WebArenaAction, timeout_s: float | None = None, **more: Any) -> Any:
        """Not called: the server prefers `step_async`."""
        raise NotImplementedError("use step_async")

    @property
    def state(self) -> WebArenaState:
        return self._state

    def get_metadata(self) -> Any:
        return EnvironmentMetadata(
            name="webarena",
            description=f"Web tasks in a real browser: the set '{self._shared.task_set}', "
            f"{len(self._shared.task_ids)} tasks",
            version=__version__,
        )

    def close(self) -> None:
        """Called in a thread of the server's when the client has gone."""
        if self._play is not None:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._leave(), self._shared.loop).result(LEAVE_LIMIT_S)

    # The server offers these, by their names alone, below /webarena/.

    def list_splits(self) -> list[Any]:
        return [{"name": self._shared.task_set, "type": "test"}]

    def list_tasks(self, split: str) -> list[Any]:
        return self.get_task_range(split)

    def num_tasks(self, split: str) -> int:
        self._require_split(split)
        return len(self._shared.task_ids)

    def get_task(self, split: str, index: int) -> Any:
        """Raises IndexError when there is none."""
        return _told(self._shared.setting.task(self._id_at(split, index)))

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[Any]:
        self._require_split(split)
        return [_told(self._shared.setting.task(each)) for each in self._shared.task_ids[start:stop]]

    def _chosen(self, seed: int | None, more: dict[str, Any]) -> tuple[Task, Any]:
        if seed is not None:
            self._random.seed(seed)
        if more.get("task_id") is not None:
            task_id = more["task_id"]
            if task_id not in self._shared.task_ids:
                raise UsageError(
                    f"reset: task_id {task_id!r} is none of the {len(self._shared.task_ids)} tasks that are served; "
                    f"they are told by POST /webarena/tasks with split '{self._shared.task_set}'"
                )
        elif more.get("index") is not None:
            try:
                task_id = self._id_at(more.get("split") or self._shared.task_set, more["index"])
            except IndexError as error:
                raise UsageError(
                    f"reset: index {more['index']!r}: expected a number from 0 to {len(self._shared.task_ids) - 1}"
                ) from error
        else:
            task_id = self._random.choice(self._shared.task_ids)
        limited = self._shared.setting.limited(more.get("max_steps"), more.get("step_timeout_s"))
        return self._shared.setting.task(task_id), limited

    def _id_at(self, split: str, index: int) -> TaskId:
        self._require_split(split)
        if index < 0:
            raise IndexError(index)
        return self._shared.task_ids[index]

    def _require_split(self, split: str) -> None:
        if split != self._shared.task_set:
            raise UsageError(f"split {split!r}: there is only '{self._shared.task_set}'")

    def _read(self, text: str, turn: Turn) -> Action:
        """A text that is no action may be a whole reply with the action in a fence."""
        action = self._shared.setting.read(text, turn.urls)
        fenced = extract_action(text) if isinstance(action, Invalid) else None
        return self._shared.setting.read(fenced, turn.urls) if fenced else action

    async def _after(self, action: Action) -> Any:
        if self._turn is None or self._turn.result is None:
            return self._shown(action)
        result = self._turn.result
        seen = self._shown(action)
        state = self._state
        state.done, state.ending, state.truncated = True, str(result.ending), not is_terminal(result)
        seen.done, seen.reward = True, float(result.value or 0.0)
        # No model is shown what comes after the end, and StepResult has no place of its own for it.
        seen.metadata = {"truncated": state.truncated, "ending": state.ending}
        state.reward = seen.reward
        await self._leave()
        return seen

    def _shown(self, action: Action | None) -> Any:
        if self._turn is None:
            raise RuntimeError("nothing to show")
        texts = self._shared.view.texts(self._turn, action)
        picture = self._turn.observation.screenshot
        shows = self._shared.view.has_screenshots and picture is not None
        return WebArenaObservation(
            **texts,
            screenshot=base64.b64encode(picture).decode("ascii") if shows and picture else None,
            reward=None if action is None else 0.0,
        )

    async def _failed(self, error: EpisodeError) -> None:
        self._state.done, self._state.ending = True, "error"
        self._state.error_class, self._state.error = error.error_class, str(error)
        await self._leave()

    async def _leave(self) -> None:
        play, self._play, self._turn = self._play, None, None
        if play is not None:
            self._shared.plays.discard(play)
            await play.leave()
            log.info(
                "task %s: %s, reward %s, %d steps",
                self._state.task_id,
                self._state.ending or "left before its end",
                "none" if self._state.reward is None else format(self._state.reward, "g"),
                self._state.step_count,
            )


def _require_arguments(given: dict[str, Any]) -> None:
    """Raises UsageError for one that is unknown, or of another type."""
    for name, value in given.items():
        if name not in RESET_ARGUMENTS:
            raise UsageError(f"reset: unknown argument {name!r}; expected some of {', '.join(RESET_ARGUMENTS)}")
        types, expected = RESET_ARGUMENTS[name]
        if value is not None and (not isinstance(value, types) or isinstance(value, bool)):
            raise UsageError(f"reset: {name}={value!r}: expected {expected}")


def _told(task: Task) -> dict[str, Any]:
    """What clients may know of a task: nothing of how it is scored."""
    return {"id": task.task_id, "intent": task.intent, "sites": list(task.sites), "template_id": task.template_id}

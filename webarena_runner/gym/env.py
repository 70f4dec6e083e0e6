"""WebArena as a Gymnasium environment: the runner's episode loop with the caller of `step` in the agent's place."""

import io
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from time import monotonic
from typing import Any, get_args

import gymnasium
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from webarena_runner.actions.read import read_action
from webarena_runner.actions.urls import public_url, to_local
from webarena_runner.errors import BrowserError, ConfigError, SelectionError
from webarena_runner.extras import how_to_install
from webarena_runner.gym.play import Play, Turn
from webarena_runner.gym.process import Borrowed, shared_providers
from webarena_runner.gym.spaces import Timings, UnicodeText
from webarena_runner.settings.loading import CliOptions, Given, load_settings, load_sites
from webarena_runner.sites.providers import require_sites
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.faults import require_usable
from webarena_runner.tasksets.keys import require_done
from webarena_runner.types import Action, Decision, Ending, Invalid, Stop, Task, TaskId, id_order

ACTIONS = get_args(get_args(Action)[0])
# Characters; what is longer is cut, and `info` says so. A long page in full has some tens of thousands.
MAX_CHARACTERS = {"text": 200_000, "url": 4_000, "intent": 10_000, "last_action_error": 4_000}
MAX_ACTION_CHARACTERS = 100_000


class WebArenaEnv(gymnasium.Env[dict[str, Any], Any]):
    """One task an episode; reward 0 until the end, then the evaluators' score.

    `terminated` is true after a stop by the agent, `truncated` after an early stop (step limit, repeated or unreadable
    actions), which is scored too. Nothing is started before the first `reset`; environments of one process share a
    browser and the sites' process.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own interface

    def __init__(
        self,
        task_set: str = "mini",
        task_id: TaskId | Sequence[TaskId] | None = None,
        *,
        sites: str | None = None,
        profile: str = "webarena",
        max_steps: int | None = None,
        headless: bool = True,
        assignments: Sequence[str] = (),
        ignore_keys: Sequence[str] = (),
        stable_ids: bool = True,
        screenshot: bool = False,
    ) -> None:
        """`task_id` None draws from the whole set; `assignments` are `-o` texts such as `settle.mode=official`.

        `ignore_keys` names keys of task records to play without, though they change the task, such as policies.

        Raises:
            UsageError: an unknown task set, task, profile or setting, or no site for one of the tasks.
        """
        if screenshot:
            _pillow()
        tasks = load_task_set(task_set)
        given = (
            Given("browser.headless", headless, "headless"),
            Given("browser.screenshots", screenshot, "screenshot"),
            Given("observation.ids", "stable" if stable_ids else "browser", "stable_ids"),
            *([Given("limits.max_steps", max_steps, "max_steps")] if max_steps is not None else []),
        )
        options = CliOptions(
            served_by=tasks.served_by, sites=sites, profile=profile, given=given, assignments=tuple(assignments)
        )
        self._settings, self._where = load_settings(options), load_sites(options, os.environ)
        self._task_set = task_set
        loaded = tasks.load()
        self._environment = loaded.environment
        self._loaded = loaded
        self._ignore_keys = tuple(ignore_keys)
        self._tasks = {task.task_id: task for task in loaded.tasks}
        if task_id is None:
            require_usable(frozenset(task.task_id for task in loaded.unusable), loaded)
        self._drawn_from = _ids(task_id, self._tasks)
        for each in self._drawn_from:
            self._task(each)
        browser = self._settings.browser
        self._screen = (browser.viewport_height, browser.viewport_width, 3) if screenshot else None
        self._borrowed: Borrowed | None = None
        self._play: Play | None = None
        self._last: Turn | None = None
        self._intent = ""
        self._task_id: TaskId = -1
        self._closed = False
        self.observation_space = _observation_space(self._screen)
        self.action_space = UnicodeText(MAX_ACTION_CHARACTERS)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts an episode: fresh sites, a fresh browser context; `options={"task_id": 7}` chooses the task.

        Raises:
            EpisodeError: sites or browser failed; another reset may help.
            UsageError: there is no such task, or no browser on this machine.
        """
        super().reset(seed=seed)
        started = monotonic()
        if self._closed:
            raise ClosedEnvironmentError("reset after close(); make a new environment")
        task = self._chosen(options or {})
        self._leave()
        if self._borrowed is None:
            self._borrowed = shared_providers().borrow(self._environment, self._settings, self._where, os.environ)
        loop = self._borrowed.loop
        self._intent, self._task_id = task.intent, task.task_id
        self._play = loop.run(self._borrowed.start(self._settings, task))
        self._last = loop.run(self._play.begin())
        return self._shown(self._last, "", started)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Takes a text in the id grammar (`click [12]`) or an action record.

        Raises:
            EpisodeError: infrastructure failed; there is no reward, and the next call must be reset().
            ResetNeeded: no episode is under way.
        """
        started = monotonic()
        if self._closed:
            raise ClosedEnvironmentError("step after close(); make a new environment")
        if self._borrowed is None or self._play is None or self._last is None:
            raise ResetNeeded("no episode is under way; call reset() first")
        decision = Decision(action=self._read(action, self._last.urls))
        # Until the answer has come: whatever interrupts this leaves an episode that cannot go on.
        self._last = None
        turn = self._borrowed.loop.run(self._play.decide(decision))
        observation, info = self._shown(turn, _error(turn, decision.action), started)
        result = turn.result
        if result is None:
            self._last = turn
            return observation, 0.0, False, False, info
        self._leave()
        info |= {
            "ending": str(result.ending),
            "answer": result.answer,
            "final_url": public_url(result.final_url, turn.urls),
            "scores": [score.model_dump(mode="json") for score in result.scores],
            "deviations": result.deviations,
        }
        ended = result.ending in (Ending.ANSWERED, Ending.OFFSITE)
        return observation, float(result.value or 0.0), ended, not ended, info

    def close(self) -> None:
        """Frees the browser context and the sites; the last environment of the process frees browser and thread."""
        self._closed = True
        try:
            self._leave()
        finally:
            borrowed, self._borrowed = self._borrowed, None
            if borrowed is not None:
                shared_providers().give_back(borrowed)

    def _leave(self) -> None:
        play, self._play, self._last = self._play, None, None
        if play is not None and self._borrowed is not None:
            self._borrowed.loop.run(self._borrowed.leave(play))

    def _chosen(self, options: dict[str, Any]) -> Task:
        unknown = sorted(set(options) - {"task_id"})
        if unknown:
            raise ConfigError(f"reset(options=...): unknown option {unknown[0]!r}; expected task_id")
        if "task_id" in options:
            return self._task(options["task_id"])
        return self._task(self._drawn_from[int(self.np_random.integers(len(self._drawn_from)))])

    def _task(self, task_id: TaskId) -> Task:
        require_usable(frozenset({task_id}), self._loaded)
        task = self._tasks.get(task_id)
        if task is None:
            ids = sorted(self._tasks, key=id_order)
            raise SelectionError(
                f"task_id {task_id!r}: '{self._task_set}' has no such task; it has {len(ids)} from {ids[0]} to "
                f"{ids[-1]}, see: wa-run tasks list --task-set {self._task_set}"
            )
        # Who acts may look at a task's pictures.
        require_done([task], ignored=self._ignore_keys, takes_images=True)
        require_sites(self._where, [task])
        return task

    def _read(self, action: Any, urls: Mapping[str, str]) -> Action:
        """URLs are shown by their public names, so those in an action are mapped back, as the profile has it."""
        settings = self._settings.actions
        if isinstance(action, str):
            return read_action(action, settings, urls)
        if not isinstance(action, ACTIONS):
            raise TypeError(f"expected an action text or a webarena_runner.types.Action, got {type(action).__name__}")
        mapped = ("url", "text", "answer") if settings.url_mapping == "whole_action" else ("url",)
        local = {name: to_local(value, urls) for name, value in action if name in mapped}
        changed: Action = action.model_copy(update=local)
        return changed

    def _shown(self, turn: Turn, error: str, started: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Observation and info; URLs are the public ones."""
        seen, result = turn.observation, turn.result
        texts = {
            "text": seen.text,
            "url": public_url(seen.url, turn.urls),
            "intent": self._intent,
            "last_action_error": public_url(error, turn.urls),
        }
        observation: dict[str, Any] = {name: value[: MAX_CHARACTERS[name]] for name, value in texts.items()}
        if self._screen:
            observation["screenshot"] = _pixels(seen.screenshot, self._screen)
        # A stop is no step of the browser, so it shows the page, not the durations, of the step before.
        spent_ms = {} if result and result.ending is Ending.ANSWERED else dict(seen.timings_ms)
        if result:
            spent_ms["evaluate"] = result.timings_ms["evaluate"]
        info: dict[str, Any] = {
            "task_id": self._task_id,
            "timings_ms": Timings(spent_ms | {"total": 1000 * (monotonic() - started)}),
            "deviations": seen.deviations,
            "cut_characters": sum(max(0, len(value) - MAX_CHARACTERS[name]) for name, value in texts.items()),
        }
        if seen.extras:
            info["extras"] = seen.extras
        return observation, info


def _error(turn: Turn, action: Action) -> str:
    """Why the action did nothing; a stop leaves the page as it was, and was not refused."""
    match action:
        case Invalid(reason=reason):
            return reason
        case Stop():
            return ""
    return turn.observation.action_error


def _ids(task_id: TaskId | Sequence[TaskId] | None, tasks: dict[TaskId, Task]) -> tuple[TaskId, ...]:
    if task_id is None:
        return tuple(tasks)
    ids = (task_id,) if isinstance(task_id, int | np.integer | str) else tuple(task_id)
    if not ids:
        raise SelectionError("task_id: expected at least one id, or None for all tasks of the set")
    return tuple(each if isinstance(each, str) else int(each) for each in ids)


def _observation_space(screen: tuple[int, int, int] | None) -> Dict:
    spaces: dict[str, gymnasium.Space[Any]] = {name: UnicodeText(limit) for name, limit in MAX_CHARACTERS.items()}
    if screen:
        spaces["screenshot"] = Box(0, 255, screen, np.uint8)
    return Dict(spaces)


def _pillow() -> Any:
    try:
        return import_module("PIL.Image")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"screenshot=True needs Pillow, which is not installed; run: {how_to_install('screenshots')}"
        ) from error


def _pixels(encoded: bytes | None, screen: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The decoded image; black when the browser gave none."""
    if encoded is None:
        return np.zeros(screen, np.uint8)
    pixels = np.array(_pillow().open(io.BytesIO(encoded)).convert("RGB"), np.uint8)
    if pixels.shape != screen:
        raise BrowserError(f"the screenshot has shape {pixels.shape}, expected {screen}")
    return pixels

"""WebArena as a Gymnasium environment: the runner's episode loop with the caller of `step` in the agent's place."""

import warnings
from collections.abc import Sequence
from copy import deepcopy
from time import monotonic
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded

from webarena_runner.errors import ConfigError, EpisodeError, SelectionError
from webarena_runner.gym.play import Play, Turn
from webarena_runner.gym.process import Borrowed, shared_providers
from webarena_runner.gym.setting import Setting
from webarena_runner.gym.spaces import Timings, UnicodeText
from webarena_runner.gym.view import View, error_info, is_terminal
from webarena_runner.types import Decision, Task, TaskId

MAX_ACTION_CHARACTERS = 100_000
RESET_OPTIONS = ("task_id", "max_steps", "step_timeout_s")
Errors = Literal["raise", "truncate"]


class WebArenaEnv(gymnasium.Env[dict[str, Any], Any]):
    """One task an episode; reward 0 until the end, then the evaluators' score.

    `terminated` is true after a stop by the agent, `truncated` after an early stop (step limit, repeated or unreadable
    actions), which is scored too. Nothing is started before the first `reset`; environments of one process share a
    browser and the sites' process. `next_options` are those of the next `reset` that is given none.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own interface

    def __init__(
        self,
        task_set: str = "mini",
        task_id: TaskId | Sequence[TaskId] | None = None,
        *,
        sites: str | None = None,
        profile: str | None = None,
        max_steps: int | None = None,
        headless: bool = True,
        assignments: Sequence[str] = (),
        ignore_keys: Sequence[str] = (),
        stable_ids: bool = True,
        stable_urls: bool = True,
        screenshot: bool = False,
        errors: Errors = "raise",
        allow_modified: bool = False,
    ) -> None:
        """`task_id` None draws from the whole set; `assignments` are `-o` texts such as `settle.mode=official`.

        `ignore_keys` names keys of task records to play without, though they change the task, such as policies.
        `errors` says how an episode ends whose infrastructure fails: in an EpisodeError, or `truncated` without a
        score. `allow_modified` plays a task set whose files are not the official ones.

        Raises:
            UsageError: an unknown task set, task, profile or setting, or no site for one of the tasks.
        """
        if errors not in ("raise", "truncate"):
            raise ConfigError(f"errors={errors!r}: expected 'raise' or 'truncate'")
        self._truncates = errors == "truncate"
        self._setting = Setting(
            task_set,
            sites=sites,
            profile=profile,
            max_steps=max_steps,
            headless=headless,
            assignments=assignments,
            ignore_keys=ignore_keys,
            stable_ids=stable_ids,
            screenshot=screenshot,
            allow_modified=allow_modified,
        )
        self._view = View(self._setting.settings, screenshot=screenshot, stable_urls=stable_urls)
        self._drawn_from = self._setting.all_ids() if task_id is None else _ids(task_id)
        for each in self._drawn_from:
            self._setting.task(each)
        if warning := self._setting.judge_warning(self._drawn_from):
            warnings.warn(warning, stacklevel=2)
        self.next_options: dict[str, Any] | None = None
        self._borrowed: Borrowed | None = None
        self._play: Play | None = None
        self._last: Turn | None = None
        self._task: Task | None = None
        self._shown: dict[str, Any] = {}
        self._not_begun: EpisodeError | None = None
        self._closed = False
        self.observation_space = self._view.space
        self.action_space = UnicodeText(MAX_ACTION_CHARACTERS)

    def start(self) -> None:
        """Browser and sites, which are otherwise started with the first `reset`. Raises UsageError: not there."""
        if self._closed:
            raise ClosedEnvironmentError("start after close(); make a new environment")
        if self._borrowed is None:
            self._borrowed = self._setting.borrow()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts an episode: fresh sites, a fresh browser context; `options={"task_id": 7}` chooses the task.

        With `errors="truncate"` an episode that cannot begin has a blank observation, and its first step ends it.

        Raises:
            EpisodeError: sites or browser failed; another reset may help.
            UsageError: there is no such task, or no browser on this machine.
        """
        super().reset(seed=seed)
        started = monotonic()
        if self._closed:
            raise ClosedEnvironmentError("reset after close(); make a new environment")
        options = options or self.next_options or {}
        task = self._chosen(options)
        settings = self._setting.limited(options.get("max_steps"), options.get("step_timeout_s"))
        self._leave()
        self._task, self._not_begun = task, None
        borrowed = self._borrowed = self._borrowed or self._setting.borrow()
        self.next_options = None
        loop = borrowed.loop
        try:
            self._play = loop.run(borrowed.start(settings, task))
            self._last = loop.run(self._play.begin())
        except EpisodeError as error:
            if not self._truncates:
                raise
            self._leave()
            self._not_begun, self._shown = error, self._view.blank(task)
            return self._shown, self._info_of(error, started)
        self._shown, info = self._view.shown(self._last, task, None)
        return self._shown, _timed(info, started)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Takes a text in the id grammar (`click [12]`) or an action record.

        Raises:
            EpisodeError: infrastructure failed; there is no reward, and the next call must be reset(). With
                `errors="truncate"` the episode ends `truncated` instead, and `info` names the error.
            ResetNeeded: no episode is under way.
        """
        started = monotonic()
        if self._closed:
            raise ClosedEnvironmentError("step after close(); make a new environment")
        if self._not_begun is not None:
            return self._truncated(self._not_begun, started)
        if self._borrowed is None or self._play is None or self._last is None or self._task is None:
            raise ResetNeeded("no episode is under way; call reset() first")
        decision = Decision(action=self._setting.read(action, self._last.urls))
        # Until the answer has come: whatever interrupts this leaves an episode that cannot go on.
        self._last = None
        try:
            turn = self._borrowed.loop.run(self._play.decide(decision))
        except EpisodeError as error:
            if not self._truncates:
                raise
            return self._truncated(error, started)
        self._shown, info = self._view.shown(turn, self._task, decision.action)
        info, result = _timed(info, started), turn.result
        if result is None:
            self._last = turn
            return self._shown, 0.0, False, False, info
        self._leave()
        terminated = is_terminal(result)
        return self._shown, float(result.value or 0.0), terminated, not terminated, info

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

    def _truncated(
        self, error: EpisodeError, started: float
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """The end of an episode without a score: what was shown last, and which error it was."""
        self._leave()
        self._not_begun = None
        # Gymnasium wants each observation to be an object of its own.
        return deepcopy(self._shown), 0.0, False, True, self._info_of(error, started)

    def _info_of(self, error: EpisodeError, started: float) -> dict[str, Any]:
        task_id = self._task.task_id if self._task else -1
        return _timed({"task_id": task_id, "timings_ms": Timings({})} | error_info(error), started)

    def _chosen(self, options: dict[str, Any]) -> Task:
        unknown = sorted(set(options) - set(RESET_OPTIONS))
        if unknown:
            raise ConfigError(
                f"reset(options=...): unknown option {unknown[0]!r}; expected some of {', '.join(RESET_OPTIONS)}"
            )
        if "task_id" in options:
            return self._setting.task(options["task_id"])
        return self._setting.task(self._drawn_from[int(self.np_random.integers(len(self._drawn_from)))])


def _timed(info: dict[str, Any], started: float) -> dict[str, Any]:
    return info | {"timings_ms": Timings(dict(info["timings_ms"]) | {"total": 1000 * (monotonic() - started)})}


def _ids(task_id: TaskId | Sequence[TaskId]) -> tuple[TaskId, ...]:
    ids = (task_id,) if isinstance(task_id, int | np.integer | str) else tuple(task_id)
    if not ids:
        raise SelectionError("task_id: expected at least one id, or None for all tasks of the set")
    return tuple(each if isinstance(each, str) else int(each) for each in ids)

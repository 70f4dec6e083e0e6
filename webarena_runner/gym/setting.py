"""What episodes are made from: tasks, the settings to play them with, the sites."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from pydantic import ValidationError

from webarena_runner.actions.read import read_action
from webarena_runner.actions.urls import to_local
from webarena_runner.errors import ConfigError, SelectionError
from webarena_runner.evaluators import load_evaluators, require_scorable
from webarena_runner.gym.process import Borrowed, shared_providers
from webarena_runner.interfaces.environments import EnvironmentProvider
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, Given, load_settings, load_sites
from webarena_runner.settings.records import LimitSettings, RunSettings
from webarena_runner.settings.resetting import Resetting
from webarena_runner.sites.providers import require_sites
from webarena_runner.tasksets import load_task_set, profile_of
from webarena_runner.tasksets.faults import require_usable
from webarena_runner.tasksets.keys import require_done
from webarena_runner.types import ACTION_RECORDS, Action, Task, TaskId, id_order

ACTIONS = tuple(ACTION_RECORDS.values())


class Setting:
    """The arguments that `make` and `rollouts` share, read and checked; nothing is started."""

    def __init__(
        self,
        task_set: str,
        *,
        sites: str | None,
        profile: str | None,
        max_steps: int | None,
        headless: bool,
        assignments: Sequence[str],
        ignore_keys: Sequence[str],
        stable_ids: bool,
        screenshot: bool,
        allow_modified: bool = False,
    ) -> None:
        """Raises UsageError for an unknown task set, profile or setting."""
        tasks = load_task_set(task_set)
        given = (
            Given("browser.headless", headless, "headless"),
            Given("browser.screenshots", screenshot, "screenshot"),
            Given("observation.ids", "stable" if stable_ids else "browser", "stable_ids"),
            *([Given("limits.max_steps", max_steps, "max_steps")] if max_steps is not None else []),
        )
        options = CliOptions(
            served_by=tasks.served_by,
            sites=sites,
            profile=profile or profile_of(tasks),
            given=given,
            assignments=tuple(assignments),
        )
        self.settings, self._where = load_settings(options), load_sites(options, os.environ)
        self.task_set = task_set
        self._loaded = tasks.load(allow_modified=allow_modified)
        self._ignore_keys = tuple(ignore_keys)
        self._tasks = {task.task_id: task for task in self._loaded.tasks}

    def all_ids(self) -> tuple[TaskId, ...]:
        """Raises UsageError when some of the set's tasks cannot be played."""
        require_usable(frozenset(task.task_id for task in self._loaded.unusable), self._loaded)
        return tuple(self._tasks)

    def task(self, task_id: TaskId) -> Task:
        """Raises UsageError when the set has no such task, or it cannot be played as configured."""
        require_usable(frozenset({task_id}), self._loaded)
        task = self._tasks.get(task_id)
        if task is None:
            ids = sorted(self._tasks, key=id_order)
            raise SelectionError(
                f"task_id {task_id!r}: '{self.task_set}' has no such task; it has {len(ids)} from {ids[0]} to "
                f"{ids[-1]}, see: wa-run tasks list --task-set {self.task_set}"
            )
        # Who acts may look at a task's pictures.
        require_done([task], ignored=self._ignore_keys, takes_images=True)
        if self._loaded.environment == "browser":
            require_scorable([task], load_evaluators(self.settings.scoring))
        require_sites(self._where, [task])
        return task

    def lacking_judge(self, task_ids: Iterable[TaskId]) -> list[TaskId]:
        """Those that may need a judge model, where there is none."""
        if self.settings.judge.model is not None:
            return []
        return [each for each in task_ids if self._tasks[each].judge]

    def judge_warning(self, task_ids: Iterable[TaskId]) -> str:
        """What is to be said of tasks that need a judge, where there is none; "" when there is nothing."""
        asked = list(task_ids)
        judged = self.lacking_judge(asked)
        if not judged:
            return ""
        return (
            f"{len(judged)} of {len(asked)} tasks (the first is {judged[0]!r}) may need a judge model to be scored, "
            "and none is given: episodes that do end in a JudgeError, without a score; pass "
            "assignments=['judge.model=NAME'] with a model file's name, or leave these tasks out of task_id"
        )

    def limited(self, max_steps: int | None, step_timeout_s: float | None) -> RunSettings:
        """The settings with limits of one episode's own. Raises ConfigError for one that is none."""
        given = {"max_steps": max_steps, "episode_timeout_s": step_timeout_s}
        given = {name: value for name, value in given.items() if value is not None}
        if not given:
            return self.settings
        try:
            limits = LimitSettings.model_validate(self.settings.limits.model_dump() | given)
        except ValidationError as error:
            first = error.errors()[0]
            name = {"episode_timeout_s": "step_timeout_s"}.get(str(first["loc"][0]), str(first["loc"][0]))
            raise ConfigError(f"{name}={first['input']!r}: {first['msg']}") from error
        return self.settings.model_copy(update={"limits": limits})

    def read(self, action: Any, urls: Mapping[str, str]) -> Action:
        """URLs are shown by their public names, so those in an action are mapped back, as the profile has it."""
        settings = self.settings.actions
        if isinstance(action, str):
            return read_action(action, settings, urls)
        if not isinstance(action, ACTIONS):
            raise TypeError(f"expected an action text or a webarena_runner.types.Action, got {type(action).__name__}")
        mapped = ("url", "text", "answer") if settings.url_mapping == "whole_action" else ("url",)
        local = {name: to_local(value, urls) for name, value in action if name in mapped}
        changed: Action = action.model_copy(update=local)
        return changed

    def opened(self) -> AbstractAsyncContextManager[EnvironmentProvider]:
        """Browser and sites of its own, on the caller's event loop. Raises UsageError when they are not there."""
        return open_environments(
            self.settings,
            self._where,
            os.environ,
            name=self._loaded.environment,
            lossless_screenshots=True,
            resetting=Resetting(self.settings.reset or "never"),
        )

    def borrow(self) -> Borrowed:
        """Browser and sites, started where this process has none like these."""
        return shared_providers().borrow(self._loaded.environment, self.settings, self._where, os.environ)

"""Rollouts: many episodes at once in one process, played by a policy, for training."""

import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from inspect import isawaitable
from queue import Empty
from typing import Any

from webarena_runner.errors import ConfigError, EpisodeError
from webarena_runner.gym.asking import Asked, Question
from webarena_runner.gym.crew import Broken, Crew, Event
from webarena_runner.gym.process import LoopThread, shared_providers
from webarena_runner.gym.setting import Setting
from webarena_runner.gym.trajectories import Rollout, RolloutStep, RolloutTask, Seen
from webarena_runner.gym.view import View
from webarena_runner.types import TaskId

Said = Any  # an action text, an action record or a Reply
Policy = Callable[[Seen], Said | Awaitable[Said]]
BatchPolicy = Callable[[Sequence[Seen]], Sequence[Said] | Awaitable[Sequence[Said]]]


def rollouts(
    policy: Policy | BatchPolicy,
    tasks: Iterable[TaskId | RolloutTask],
    n: int = 1,
    *,
    batched: bool = False,
    on_step: Callable[[RolloutStep], None] | None = None,
    task_set: str = "mini",
    sites: str | None = None,
    profile: str | None = None,
    max_steps: int | None = None,
    headless: bool = True,
    assignments: Sequence[str] = (),
    ignore_keys: Sequence[str] = (),
    stable_ids: bool = True,
    stable_urls: bool = True,
    screenshot: bool = False,
) -> Iterator[Rollout]:
    """Plays each task once, `n` at a time in one browser, and gives the episodes as they end, the failed ones too.

    `policy` is asked for one reply at a time, or with `batched` for those of all episodes that wait at the moment, in
    the thread that iterates. What it returns to await, as an `async` function does, is awaited on the environments'
    event loop, and meanwhile it is called for others. `tasks` may be endless: one is taken as soon as a place is free.
    `on_step` is called in the thread that iterates. An EpisodeError of the policy's ends its episode, or those of its
    batch; whatever else it raises ends the rollouts.

    Raises:
        UsageError: an unknown task set, task, profile or setting, or no site for one of the tasks.
    """
    if n < 1:
        raise ConfigError(f"n={n}: expected a number of episodes at a time, 1 or more")
    setting = Setting(
        task_set,
        sites=sites,
        profile=profile,
        max_steps=max_steps,
        headless=headless,
        assignments=assignments,
        ignore_keys=ignore_keys,
        stable_ids=stable_ids,
        screenshot=screenshot,
    )
    view = View(setting.settings, screenshot=screenshot, stable_urls=stable_urls)
    checked: Iterable[RolloutTask] = (_checked(each, setting) for each in tasks)
    if isinstance(tasks, Sequence):
        checked = list(checked)
        if warning := setting.judge_warning(task.task_id for task in checked):
            warnings.warn(warning, stacklevel=2)
    lookout = _Lookout(setting, policy, batched=batched, on_step=on_step)
    return lookout.play(view, iter(checked), n)


class _Lookout:
    """What the thread that iterates does: it hands out tasks, asks the policy and passes on what has ended."""

    def __init__(
        self,
        setting: Setting,
        policy: Policy | BatchPolicy,
        *,
        batched: bool,
        on_step: Callable[[RolloutStep], None] | None,
    ) -> None:
        self._setting = setting
        self._policy = policy
        self._batched = batched
        self._on_step = on_step

    def play(self, view: View, tasks: Iterator[RolloutTask], n: int) -> Iterator[Rollout]:
        borrowed = self._setting.borrow()
        crew, loop = Crew(self._setting, view, borrowed), borrowed.loop
        numbered, playing = enumerate(tasks), 0
        try:
            while True:
                while playing < n and (following := next(numbered, None)):
                    loop.run(crew.begin(*following))
                    playing += 1
                if not playing:
                    return
                happened = _all_of(crew)
                ended = self._noted(happened)
                playing -= len(ended)
                for question in self._questions([event for event in happened if isinstance(event, Asked)]):
                    self._ask(question, crew, loop)
                yield from ended
        finally:
            if loop.is_running:
                loop.run(crew.end())
            shared_providers().give_back(borrowed)

    def _noted(self, happened: Sequence[Event]) -> list[Rollout]:
        """The episodes that have ended; tells of steps, and raises what has broken."""
        for event in happened:
            if isinstance(event, Broken):
                raise event.error
            if isinstance(event, RolloutStep) and self._on_step is not None:
                self._on_step(event)
        return [event for event in happened if isinstance(event, Rollout)]

    def _questions(self, asked: Sequence[Asked]) -> list[Question]:
        if not self._batched:
            return [Question([each], batched=False) for each in asked]
        return [Question(asked, batched=True)] if asked else []

    def _ask(self, question: Question, crew: Crew, loop: LoopThread) -> None:
        try:
            said = question.put_to(self._policy)
            if isawaitable(said):
                loop.run(crew.hear(question, said))
            else:
                question.answer(said)
        except EpisodeError as error:
            question.fail(error)


def _all_of(crew: Crew) -> list[Event]:
    """What has happened, once something has."""
    happened = [crew.events.get()]
    try:
        while True:
            happened.append(crew.events.get_nowait())
    except Empty:
        return happened


def _checked(task: TaskId | RolloutTask, setting: Setting) -> RolloutTask:
    """Raises UsageError for a task that cannot be played, or for limits that are none."""
    wanted = task if isinstance(task, RolloutTask) else RolloutTask(task)
    setting.task(wanted.task_id)
    setting.limited(wanted.max_steps, wanted.step_timeout_s)
    return wanted

"""Episodes that play at the same time on one event loop, and what of them is for the thread that looks on."""

import asyncio
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from webarena_runner.errors import EpisodeError
from webarena_runner.gym.asking import Asked, Question
from webarena_runner.gym.play import Play
from webarena_runner.gym.process import Borrowed
from webarena_runner.gym.setting import Setting
from webarena_runner.gym.trajectories import Reply, Rollout, RolloutStep, RolloutTask, Seen
from webarena_runner.gym.view import View, error_info, is_terminal
from webarena_runner.types import Action, Decision, EpisodeResult, Task

Shown = tuple[dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class Broken:
    """What is no episode's error: a policy's bug, bad input or a bug of ours."""

    error: Exception


Event = Asked | RolloutStep | Rollout | Broken


class Crew:
    """All that happens goes to `events`; an episode goes on when its `Asked` has a reply."""

    def __init__(self, setting: Setting, view: View, borrowed: Borrowed) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._setting = setting
        self._view = view
        self._borrowed = borrowed
        self._under_way: set[asyncio.Task[None]] = set()

    async def begin(self, number: int, task: RolloutTask) -> None:
        """The last event of an episode is its `Rollout`, or a `Broken`."""
        self._start(self._tell(number, task))

    async def hear(self, question: Question, said: Awaitable[Any]) -> None:
        """Answers as soon as the policy has spoken, without waiting for it."""
        self._start(self._heard(question, said))

    async def end(self) -> None:
        """Leaves what is still playing."""
        left = set(self._under_way)
        for each in left:
            each.cancel()
        if left:
            await asyncio.wait(left)

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _heard(self, question: Question, said: Awaitable[Any]) -> None:
        try:
            question.answer(await said)
        except EpisodeError as error:
            question.fail(error)
        except Exception as error:  # noqa: BLE001 - raised in the thread that looks on
            self.events.put(Broken(error))

    async def _tell(self, number: int, task: RolloutTask) -> None:
        try:
            self.events.put(await self._rollout(_SoFar(number, task)))
        except Exception as error:  # noqa: BLE001 - raised in the thread that looks on
            self.events.put(Broken(error))

    async def _rollout(self, so_far: "_SoFar") -> Rollout:
        task = so_far.task
        record = self._setting.task(task.task_id)
        play = await self._borrowed.start(self._setting.limited(task.max_steps, task.step_timeout_s), record)
        try:
            result = await self._play(play, record, so_far)
        except EpisodeError as error:
            return so_far.failed(error)
        finally:
            await self._borrowed.leave(play)
        return so_far.scored(result)

    async def _play(self, play: Play, record: Task, so_far: "_SoFar") -> EpisodeResult:
        turn = await play.begin()
        so_far.shown(self._view.shown(turn, record, None))
        while turn.result is None:
            reply = await self._reply(so_far.seen())
            action = self._setting.read(reply.action, turn.urls)
            try:
                turn = await play.decide(Decision(action=action))
            except EpisodeError as error:
                self.events.put(so_far.stepped(reply, action, error=str(error)))
                raise
            self.events.put(so_far.stepped(reply, action, self._view.shown(turn, record, action)))
        return turn.result

    async def _reply(self, seen: Seen) -> Reply:
        """The policy's, wherever that runs. Raises EpisodeError when the policy did."""
        asked = Asked(seen, Future())
        self.events.put(asked)
        return await asyncio.wrap_future(asked.reply)


@dataclass
class _SoFar:
    """An episode under way."""

    number: int
    task: RolloutTask
    steps: list[RolloutStep] = field(default_factory=list)
    observation: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)

    def shown(self, now: Shown) -> None:
        self.observation, self.info = now

    def seen(self) -> Seen:
        return Seen(self.number, self.task, self.observation, self.info, tuple(self.steps))

    def stepped(self, reply: Reply, action: Action, now: Shown | None = None, *, error: str = "") -> RolloutStep:
        """The step that led to what is shown now, or to an error."""
        before = self.observation
        if now:
            self.shown(now)
            error = self.observation["last_action_error"]
        step = RolloutStep(self.number, len(self.steps), before, reply, action, error, self.info if now else {})
        self.steps.append(step)
        return step

    def failed(self, error: EpisodeError) -> Rollout:
        info = self.info | error_info(error)
        return Rollout(self.number, self.task, tuple(self.steps), self.observation, info, error=error)

    def scored(self, result: EpisodeResult) -> Rollout:
        reward, terminated = float(result.value or 0.0), is_terminal(result)
        steps = tuple(self.steps)
        return Rollout(self.number, self.task, steps, self.observation, self.info, reward, terminated, not terminated)

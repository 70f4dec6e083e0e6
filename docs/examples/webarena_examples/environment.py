"""A world without a browser: adding machines that show one number at a time."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from webarena_runner.interfaces import LoadedTasks
from webarena_runner.interfaces.environments import EnvironmentSetup, EpisodeNotes
from webarena_runner.types import Action, Observation, Score, Scroll, Task

COLUMNS = {"pair": (17, 25), "bill": (4, 19, 8, 11)}


class AddingMachine:
    """`scroll [down]` and `scroll [up]` show the numbers; the answer is the sum."""

    url = "about:blank"
    urls: Mapping[str, str] = {}

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self._numbers = numbers
        self._shown = 0

    async def observe(self) -> Observation:
        number = self._numbers[self._shown]
        text = f"number {self._shown + 1} of {len(self._numbers)}: {number}"
        return Observation(url=self.url, tabs=(), text=text)

    async def step(self, action: Action) -> Observation:
        if not isinstance(action, Scroll):
            return (await self.observe()).model_copy(
                update={"action_error": "the machine can only be scrolled"}
            )
        turned = self._shown + (1 if action.direction == "down" else -1)
        self._shown = min(max(turned, 0), len(self._numbers) - 1)
        return await self.observe()

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        value = float(answer.strip() == str(sum(self._numbers)))
        seen = {"answer": answer, "numbers": list(self._numbers)}
        return value, (
            Score(
                evaluator="sum",
                value=value,
                explanation="the sum of all numbers",
                evidence=seen,
            ),
        )


class AddingMachines:
    """Each episode gets a machine of its own."""

    versions: Mapping[str, str] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: EnvironmentSetup) -> AsyncIterator[Self]:
        yield cls()

    @asynccontextmanager
    async def episode(
        self, task: Task, *, trial: int, notes: EpisodeNotes
    ) -> AsyncIterator[AddingMachine]:
        yield AddingMachine(COLUMNS[str(task.task_id)])


class Sums:
    """The tasks that are played on adding machines."""

    name = "sums"
    served_by = None

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        sha256 = hashlib.sha256(repr(COLUMNS).encode()).hexdigest()
        tasks = tuple(self._task(name) for name in COLUMNS)
        return LoadedTasks(self.name, tasks, sha256, __name__, environment="adding-machine")

    def _task(self, name: str) -> Task:
        return Task(
            task_set=self.name,
            task_id=name,
            intent="Add up all numbers that the machine shows",
            sites=(),
            start_urls=(),
            login_sites=(),
            template_id=0,
            checks=(),
            raw={},
        )

"""Which tasks may start now, where they share sites: what is handed out here waits for its episode to begin."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from webarena_runner.official.sites import sites_needed
from webarena_runner.settings.records import Order
from webarena_runner.sites.allocation import Grant, Request
from webarena_runner.sites.desk import SiteDesk
from webarena_runner.sites.pool import Pool
from webarena_runner.types import Task, TaskId


class Gate(Protocol):
    """What an episode is given of shared sites."""

    def take(self, task_id: TaskId, trial: int) -> Grant | None:
        """What was handed out for an episode, which gives it back itself."""
        ...

    async def forget(self, task_id: TaskId, trial: int) -> None:
        """To be called at the end of an episode, which may have gone wrong before it took what it was given."""
        ...


class GatedDesk(Gate, SiteDesk, Protocol):
    """Both, where sites are handed out elsewhere; `on_renewal` is told which log-ins may be over."""

    on_renewal: Callable[[str, str], None]


class SiteGate:
    """Of one worker process; a (task, trial) pair runs once at a time."""

    def __init__(self, pool: Pool, order: Order) -> None:
        self._pool = pool
        self._order = order
        self._granted: dict[tuple[TaskId, int], Grant] = {}

    def look(self) -> Callable[[Task, int], bool]:
        """For one look through a queue from its head: whether a task may start, which then has its sites."""
        look = self._pool.look(free=self._order == "free")

        def may_start(task: Task, trial: int) -> bool:
            grant = look.take(request_of(task))
            if grant is not None:
                self._granted[task.task_id, trial] = grant
            return grant is not None

        return may_start

    def take(self, task_id: TaskId, trial: int) -> Grant | None:
        """What was handed out for an episode, which gives it back itself."""
        return self._granted.pop((task_id, trial), None)

    async def forget(self, task_id: TaskId, trial: int) -> None:
        """To be called at the end of an episode, which may have gone wrong before it took what it was given."""
        if grant := self.take(task_id, trial):
            await self._pool.release(grant)

    def changed(self) -> asyncio.Future[None]:
        return self._pool.changed()

    def stuck(self, tasks: Iterable[Task]) -> str:
        """Why none of these can ever start as things are; "" when one may yet."""
        reasons = [self._pool.hopeless(request_of(task)) for task in tasks]
        return "" if not all(reasons) else "; ".join(dict.fromkeys(reasons))


def request_of(task: Task) -> Request:
    return Request(sites_needed(task), task.writes)

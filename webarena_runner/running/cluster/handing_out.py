"""Which attempts may start now, and with which sites: fresh ones where they are played, or shared ones of one pool."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from webarena_runner.errors import EngineGone
from webarena_runner.interfaces.execution import Attempt, Schedule
from webarena_runner.official.sites import sites_needed
from webarena_runner.running.cluster.calling import answer_to
from webarena_runner.running.cluster.living import CUT_OFF_S
from webarena_runner.running.cluster.messages import Granted
from webarena_runner.sites.allocation import Request
from webarena_runner.types import Task, TaskId

# What a worker that has given up may need to end its episodes.
END_LIMIT_S = 10.0


class HandingOut(Protocol):
    async def next(self, schedule: Schedule, most: int) -> list[tuple[Attempt, Granted | None]]:
        """Up to so many attempts of the queue, which are to be played then."""
        ...

    async def stuck(self, schedule: Schedule) -> str:
        """While nothing is played: why nothing that waits will ever start; "" when it may."""
        ...

    async def forfeited(self, granted: Granted, dead: bool) -> None:
        """The node of an attempt was lost; `dead`: it certainly does nothing any more."""
        ...

    async def watch(self, happened: asyncio.Event) -> None:
        """Sets the event when attempts that could not start may now, as long as somebody knows."""
        ...


class FreshSites:
    """Every episode has sites of its own."""

    async def next(self, schedule: Schedule, most: int) -> list[tuple[Attempt, Granted | None]]:
        found: list[tuple[Attempt, Granted | None]] = []
        while len(found) < most and (attempt := schedule.next()):
            found.append((attempt, None))
        return found

    async def stuck(self, schedule: Schedule) -> str:
        return ""

    async def forfeited(self, granted: Granted, dead: bool) -> None:
        """There is nothing to give back."""

    async def watch(self, happened: asyncio.Event) -> None:
        await asyncio.Event().wait()


class PooledSites:
    """`host` is the actor that has the pool."""

    def __init__(self, host: Any, tasks: Mapping[TaskId, Task]) -> None:
        self._host = host
        self._tasks = tasks

    async def next(self, schedule: Schedule, most: int) -> list[tuple[Attempt, Granted | None]]:
        able: list[Attempt] = []

        def note(attempt: Attempt) -> bool:
            able.append(attempt)
            return False

        schedule.next(note)
        if not able:
            return []
        look: Mapping[int, Granted] = await self._ask("look", self._requests(able), most)
        found: list[tuple[Attempt, Granted | None]] = []
        for place, granted in look.items():
            wanted = able[place]
            attempt = schedule.next(lambda each, wanted=wanted: each == wanted)  # type: ignore[misc]
            if attempt is None:
                # Fewer are to be under way than there is room for.
                await self._ask("release", granted.number)
            else:
                found.append((attempt, granted))
        return found

    async def stuck(self, schedule: Schedule) -> str:
        return str(await self._ask("stuck", self._requests(schedule.waiting)))

    async def forfeited(self, granted: Granted, dead: bool) -> None:
        await self._ask("forfeit", granted.number, 0.0 if dead else CUT_OFF_S + END_LIMIT_S)

    async def watch(self, happened: asyncio.Event) -> None:
        version = 0
        # Of a host that is gone, whoever asks it next hears.
        with suppress(EngineGone):
            while True:
                version = int(await self._ask("changed", version))
                happened.set()
        happened.set()

    def _requests(self, attempts: Sequence[Attempt]) -> tuple[Request, ...]:
        return tuple(_request(self._tasks[attempt.task_id], attempt) for attempt in attempts)

    async def _ask(self, method: str, *arguments: Any) -> Any:
        return await answer_to(self._host.sites.remote(method, *arguments))


def _request(task: Task, attempt: Attempt) -> Request:
    return Request(sites_needed(task), task.writes or attempt.writes)

"""Shared sites as a worker sees them whose run hands them out elsewhere."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from webarena_runner.errors import EngineGone, EpisodeError, SiteAway, SiteError
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.running.cluster.calling import answer_to
from webarena_runner.running.cluster.messages import Granted
from webarena_runner.sites.allocation import Grant, Request
from webarena_runner.sites.circuits import Fault
from webarena_runner.sites.sessions import OnlySession
from webarena_runner.types import TaskId

log = logging.getLogger(__name__)
ASK_EVERY_S = 1.0


def _ignore(instance: str, site: str) -> None:
    """For sites without log-ins."""


class RemoteDesk:
    """`host` is the actor that has the pool; grants come with the attempts."""

    def __init__(self, host: Any) -> None:
        self.on_renewal: Callable[[str, str], None] = _ignore
        self._host = host
        self._expected: dict[tuple[TaskId, int], Granted] = {}
        self._numbers: dict[Grant, int] = {}
        self._watches: dict[int, LeaseWatch] = {}
        self._renewals: dict[tuple[str, str], int] = {}
        self._jobs: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._start(self._keep_asking())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for job in (jobs := tuple(self._jobs)):
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    def expect(self, attempt: Attempt, granted: Granted) -> None:
        """What the attempt was given, before it begins."""
        self._expected[attempt.task_id, attempt.trial] = granted
        for site, times in granted.renewals.items():
            if times > self._renewals.get((granted.instance, site), 0):
                self._renewals[granted.instance, site] = times
                self.on_renewal(granted.instance, site)

    def take(self, task_id: TaskId, trial: int) -> Grant | None:
        granted = self._expected.pop((task_id, trial), None)
        if granted is None:
            return None
        grant = Grant(granted.instance, Request(granted.sites, granted.writes))
        self._numbers[grant] = granted.number
        return grant

    async def forget(self, task_id: TaskId, trial: int) -> None:
        if granted := self._expected.pop((task_id, trial), None):
            await self._ask("release", granted.number)

    async def acquire(self, request: Request) -> Grant:
        raise SiteError("an episode has to be given its shared sites with its attempt")

    def away(self, request: Request) -> str:
        return ""

    async def release(self, grant: Grant) -> None:
        # It is shielded: a grant that is not given back would be held up to the end of the run.
        grant.disturbed.update(await asyncio.shield(self._start(self._ask("release", self._numbers.pop(grant)))))

    def wrote(self, grant: Grant, site: str) -> None:
        grant.wrote.add(site)
        if (number := self._numbers.get(grant)) is not None:
            self._start(self._ask("wrote", number, site))

    @asynccontextmanager
    async def using(self, grant: Grant) -> AsyncIterator[LeaseWatch]:
        number, watch = self._numbers[grant], LeaseWatch()
        await self._ask("begin", number)
        self._watches[number] = watch
        try:
            yield watch
        except EngineGone:
            raise
        except EpisodeError as error:
            if away := await self._left(number, watch, Fault.of(error)):
                raise SiteAway(str(error), away=away) from error
            raise
        else:
            await self._left(number, watch, None)
        finally:
            del self._watches[number]

    @asynccontextmanager
    async def renewing(self, instance: str, site: str) -> AsyncIterator[OnlySession]:
        only = OnlySession(await self._ask("borrow_login", instance, site))
        before = only.session
        try:
            yield only
        finally:
            renewed = only.session if only.session is not before else None
            await asyncio.shield(self._start(self._ask("return_login", instance, site, renewed)))

    async def _left(self, number: int, watch: LeaseWatch, fault: Fault | None) -> tuple[str, ...]:
        seen = tuple(watch.good), tuple(watch.failed)
        return tuple(await self._ask("left", number, fault, seen, watch.blamed))

    async def _keep_asking(self) -> None:
        """What other episodes, and outages, do to those here."""
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            grants = {number: grant for grant, number in self._numbers.items() if number in self._watches}
            if not grants:
                continue
            with suppress(EngineGone):
                for number, (disturbed, lost) in (await self._ask("told", tuple(grants))).items():
                    grants[number].disturbed.update(disturbed)
                    if number in self._watches and lost:
                        self._watches[number].lost = lost

    async def _ask(self, method: str, *arguments: Any) -> Any:
        return await answer_to(self._host.sites.remote(method, *arguments))

    def _start(self, job: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

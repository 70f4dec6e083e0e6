"""The copies of the sites that a run has: handed out by the rules of `allocation`, reset when they are due."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from webarena_runner.errors import SiteError
from webarena_runner.sites.allocation import Allocation, Grant, Look, Place, Request

log = logging.getLogger(__name__)
# Resets sites of an instance for a reason, and says why that failed ("": it did not).
ResetSites = Callable[[str, Sequence[str], str], Awaitable[str]]


class Pool:
    """Requests and grants are plain values: it could as well answer other processes.

    Entering it is for resets, which it begins by itself as soon as nobody uses what is due and somebody waits for it.
    """

    def __init__(self, allocation: Allocation, *, reset: ResetSites | None = None) -> None:
        self.allocation = allocation
        self._reset = reset
        self._waiting: deque[tuple[Request, asyncio.Future[Grant]]] = deque()
        self._resetting: set[asyncio.Task[None]] = set()
        self._under_way: set[Place] = set()
        self._change: asyncio.Future[None] | None = None
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for job in (jobs := tuple(self._resetting)):
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    def look(self, *, free: bool = False) -> "PoolLook":
        """One look through a queue of requests behind those that wait here already."""
        look = Look(self.allocation, free=free)
        for request, _ in self._waiting:
            look.instance_for(request)
        return PoolLook(self, look)

    def ready(self, request: Request) -> bool:
        """Whether `acquire` would not have to wait now."""
        look = Look(self.allocation)
        return all(look.instance_for(each) is None for each, _ in self._waiting) and bool(look.instance_for(request))

    async def acquire(self, request: Request) -> Grant:
        """Waits for its turn.

        Raises:
            SiteError: no instance has these sites, or none that will come back.
        """
        if self._broken is not None:
            raise self._broken
        if why := self.hopeless(request):
            raise SiteError(why)
        turn: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, turn))
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                await self.release(turn.result())
            else:
                self._waiting = deque(each for each in self._waiting if each[1] is not turn)
                self._serve()
            raise

    async def release(self, grant: Grant, *, wrote: Iterable[str] = ()) -> None:
        """`wrote` are sites that it was seen to write to, besides those that it had for writing."""
        for site in wrote:
            self.wrote(grant, site)
        self.allocation.end(grant)
        self._serve()

    def wrote(self, grant: Grant, site: str) -> None:
        """It was seen to write to a site, now: from here on nobody joins it there, and who is there is told."""
        if disturbed := self.allocation.wrote(grant, site):
            log.warning(
                "%s of instance %s was written to by an episode that was to read it, while %d others did",
                site,
                grant.instance,
                len(disturbed),
            )

    def suspend(self, instance: str, site: str, why: str, *, for_good: bool = False) -> None:
        """Nobody starts on it any more; `for_good`: nothing will bring it back by itself."""
        use = self.allocation.uses[Place(instance, site)]
        use.suspended, use.for_good, use.lost = why, for_good, False
        self._serve()

    def resume(self, instance: str, site: str) -> None:
        use = self.allocation.uses[Place(instance, site)]
        use.suspended, use.for_good, use.lost = "", False, False
        self._serve()

    def limit(self, instance: str, site: str, most: int | None) -> None:
        """At most so many use it at once; None: any number of readers."""
        self.allocation.uses[Place(instance, site)].limit = most
        self._serve()

    def was_reset(self, instance: str, sites: Collection[str]) -> None:
        """Somebody else has put these sites of an instance back to their first state."""
        self.allocation.was_reset(instance, sites)
        self._serve()

    def hopeless(self, request: Request) -> str:
        """Why this request will never be granted unless somebody does something; "" when it may be."""
        return self._held_up(request, for_good=True)

    def away(self, request: Request) -> str:
        """Why this request will not be granted for now: a site of it is suspended in each instance; "" otherwise."""
        return self._held_up(request, for_good=False)

    def _held_up(self, request: Request, *, for_good: bool) -> str:
        allocation = self.allocation
        serving = allocation.serving(request.sites)
        if not serving:
            return f"no instance has all of {', '.join(request.sites)}"
        lost = []
        for name in serving:
            suspended = allocation.suspended(name, request.sites)
            gone = [
                f"{place.site} of instance {name}: {use.suspended}"
                for place, use in suspended.items()
                if use.for_good or not for_good
            ]
            if not gone:
                return ""
            lost += gone
        return "; ".join(dict.fromkeys(lost))

    def changed(self) -> asyncio.Future[None]:
        """Done when something has been released, suspended, resumed or reset since it was called."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
            if self._broken is not None:
                self._change.set_exception(self._broken)
        return asyncio.shield(self._change)

    def _serve(self) -> None:
        """Hands out what can be, in order, and tells who waits for a change."""
        look = Look(self.allocation)
        for request, turn in tuple(self._waiting):
            if turn.done():
                # Cancelled, and about to leave.
                continue
            if why := self.hopeless(request):
                self._waiting.remove((request, turn))
                turn.set_exception(SiteError(why))
            elif (instance := look.instance_for(request)) is not None:
                self._waiting.remove((request, turn))
                turn.set_result(self.allocation.start(request, instance))
        self.reset_due(look.due)
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    def fail(self, error: BaseException) -> None:
        """What ends a run, such as a full disk, would end a job beside it alone, and everybody would wait for that."""
        self._broken = self._broken or error
        waiting: list[asyncio.Future[Any]] = [turn for _, turn in self._waiting]
        self._waiting.clear()
        if self._change is not None:
            waiting.append(self._change)
        for each in waiting:
            if not each.done():
                each.set_exception(error)

    def reset_due(self, due: Iterable[Place]) -> None:
        """Begins the resets that are wanted, where nobody uses a site any more that goes with them."""
        if self._reset is None:
            return
        for place in due:
            self.allocation.want_reset(place)
        for place in [place for place, use in self.allocation.uses.items() if use.reset]:
            places = self.allocation.reset_with(place)
            if self._under_way.isdisjoint(places) and not any(self.allocation.uses[each].is_used for each in places):
                self._under_way.update(places)
                job = asyncio.create_task(self._reset_places(self._reset, places))
                self._resetting.add(job)
                job.add_done_callback(self._reset_ended)

    @asynccontextmanager
    async def reset_elsewhere(self, instance: str, sites: Iterable[str]) -> AsyncIterator[None]:
        """While somebody else resets these sites: after a reset of the pool's own, which begins none meanwhile."""
        places = {Place(instance, site) for site in sites}
        while not self._under_way.isdisjoint(places):
            await self.changed()
        self._under_way |= places
        try:
            yield
        finally:
            self._under_way -= places
            self._serve()

    def _reset_ended(self, job: asyncio.Task[None]) -> None:
        self._resetting.discard(job)
        if not job.cancelled() and (error := job.exception()):
            self.fail(error)

    async def _reset_places(self, reset: ResetSites, places: Sequence[Place]) -> None:
        instance, sites = places[0].instance, [place.site for place in places]
        written = [place.site for place in places if self.allocation.uses[place].written]
        is_first = all(self.allocation.uses[place].tasks is None for place in places)
        why = "before the run" if is_first else "due before its next task"
        why = f"{', '.join(written)} written to" if written else why
        try:
            failed = await reset(instance, sites, why)
        finally:
            # At once: whoever is served now may want the next reset before this job counts as done.
            self._under_way.difference_update(places)
        if not failed:
            self.allocation.was_reset(instance, sites)
        else:
            # All of them before somebody is served: none is as it should be.
            self.allocation.was_lost(instance, sites, f"it could not be reset: {failed}")
            log.warning("%s of instance %s is not used any more: it could not be reset", ", ".join(sites), instance)
        self._serve()


class PoolLook:
    """Takes what may start now, in the order of a queue."""

    def __init__(self, pool: Pool, look: Look) -> None:
        self._pool = pool
        self._look = look

    def take(self, request: Request) -> Grant | None:
        """None: it has to wait, and holds its place against those behind it in this look."""
        instance = self._look.instance_for(request)
        if instance is None:
            self._pool.reset_due(self._look.due)
            return None
        return self._pool.allocation.start(request, instance)

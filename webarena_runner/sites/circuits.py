"""Carries out what the circuit breaker decides: hears of episodes, asks and resets sites, opens and closes the pool."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Self

from webarena_runner.errors import (
    BrowserError,
    EpisodeError,
    LoginError,
    SiteAway,
    SiteError,
)
from webarena_runner.interfaces.watching import Document, LeaseWatch
from webarena_runner.official.addresses import place_of
from webarena_runner.settings.records import OutageSettings
from webarena_runner.sites.breaker import Action, Admit, Ask, Breaker, Circuit, Pause, Report, Reset, Seen
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.pool import Pool
from webarena_runner.sites.probes import plain
from webarena_runner.sites.probes.findings import Place as Site
from webarena_runner.sites.probes.page import throttled, unanswered
from webarena_runner.sites.resets.carrying_out import affected
from webarena_runner.sites.resets.in_run import Resets

log = logging.getLogger(__name__)
SERVER_ERROR, TOO_MANY_REQUESTS = 500, 429
# An action that is under way when a site is reset must not reach the new one.
DRAIN_LIMIT_S = 60.0
# Where the site may be why, whatever it looked like.
_DOUBTFUL = (SiteError, LoginError, BrowserError)


@dataclass(eq=False)
class SitesInUse:
    """One lease, since `begun`."""

    instance: str
    urls: Mapping[str, str]
    begun: float
    watch: LeaseWatch = field(default_factory=LeaseWatch)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, url: str) -> set[str]:
        """The sites at an address; two may share host and port."""
        return {site for site, own in self.urls.items() if place_of(own) == place_of(url)}


@dataclass(frozen=True)
class Fault:
    """What ended an episode: whether it is a site's, and whether a site may be why, whatever it looks like."""

    text: str
    is_of_site: bool
    is_doubtful: bool

    @classmethod
    def of(cls, error: EpisodeError) -> Self:
        return cls(str(error), isinstance(error, SiteError), _is_doubtful(error))


class Circuits:
    """Of one run; `pool` hands the instances out, `resets` puts them back to their first state.

    `on_back` is told which site was away before it is used again.
    """

    def __init__(
        self,
        instances: Iterable[Instance],
        pool: Pool,
        settings: OutageSettings,
        *,
        resets: Resets,
        on_back: Callable[[str, str], None] = lambda instance, site: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._instances = {instance.name: instance for instance in instances}
        self._pool = pool
        self._settings = settings
        self._resets = resets
        self._on_back = on_back
        self._clock = clock
        self._breaker = Breaker(settings, may_reset=lambda circuit: resets.may_reset(*circuit))
        self._uses: set[SitesInUse] = set()
        self._checks: dict[Circuit, asyncio.Task[None]] = {}
        self._jobs: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._start(self._ask_when_due())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for job in self._jobs:
            job.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs)

    @asynccontextmanager
    async def using(self, instance: str, sites: Sequence[str]) -> AsyncIterator[LeaseWatch]:
        """While an episode has these sites, from before it logs in to them.

        Raises:
            SiteAway: in place of the error that ends it, when one of them is down.
        """
        use = self.begin(instance, sites)
        try:
            yield use.watch
        except EpisodeError as error:
            if away := await self.failed(use, Fault.of(error)):
                raise SiteAway(str(error), away=away) from error
            raise
        else:
            self.went_well(use)
        finally:
            self.end(use)

    def begin(self, instance: str, sites: Sequence[str]) -> SitesInUse:
        """An episode has these sites, up to `end`; before that it `failed`, `went_well`, or was stopped."""
        urls = {site: self._instances[instance].urls[site] for site in sites}
        use = SitesInUse(instance, urls, self._clock())
        self._uses.add(use)
        return use

    def went_well(self, use: SitesInUse) -> None:
        self._report(use)

    def end(self, use: SitesInUse) -> None:
        self._uses.discard(use)
        use.ended.set()

    def down_for(self, instance: str, site: str) -> float | None:
        """Seconds; None: it is not down."""
        return self._breaker.down_for(Circuit(instance, site), now=self._clock())

    async def failed(self, use: SitesInUse, fault: Fault) -> tuple[str, ...]:
        """The sites that are down, of those that may have ended the episode."""
        blamed = self._blamed(use, fault)
        doubted = set() if blamed or not fault.is_doubtful else set(use.urls)
        self._report(use, fault.text, blamed=blamed, doubted=doubted)
        circuits = [Circuit(use.instance, site) for site in sorted(blamed | doubted)]
        checks = [self._checks[circuit] for circuit in circuits if circuit in self._checks]
        if checks:
            await asyncio.wait(checks)
        return tuple(str(circuit) for circuit in circuits if self._breaker.was_down(circuit, begun=use.begun))

    def _blamed(self, use: SitesInUse, fault: Fault) -> set[str]:
        """The sites that are known to have ended it."""
        watch = use.watch
        if not fault.is_of_site:
            return set()
        address = watch.blamed or (watch.failed[-1].url if watch.failed else "")
        return use.at(address) if address else set()

    def _report(
        self, use: SitesInUse, why: str = "", *, blamed: Collection[str] = (), doubted: Collection[str] = ()
    ) -> None:
        for site in use.urls:
            report = Report(
                use.begun,
                [_seen(each, failed=failed) for each, failed in _documents(use.watch) if site in use.at(each.url)],
                why if site in blamed or site in doubted else "",
                blamed=site in blamed,
                running=sum(other.instance == use.instance and site in other.urls for other in self._uses),
            )
            self._do(self._breaker.ended(Circuit(use.instance, site), report, now=self._clock()))

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            circuit = action.circuit
            match action:
                case Ask():
                    self._checks[circuit] = self._start(self._ask(circuit))
                case Pause(why=why, pause_s=pause_s):
                    self._pause(circuit, why, pause_s)
                case Reset():
                    self._start(self._reset(circuit))
                case Admit(width=width, why=why):
                    self._admit(circuit, width, why)
        self._changed.set()

    def _pause(self, circuit: Circuit, why: str, pause_s: float) -> None:
        down_s = self._breaker.down_for(circuit, now=self._clock()) or 0.0
        overdue = down_s > self._settings.longest_s
        self._pool.suspend(*circuit, f"down for {down_s:.0f} s: {why}" if overdue else why, for_good=overdue)
        self._take_away(circuit, why)
        log.warning("%s: paused, asked again in %.0f s: %s", circuit, pause_s, why)

    def _admit(self, circuit: Circuit, width: int | None, why: str) -> None:
        if self._breaker.is_tried(circuit):
            self._on_back(*circuit)
        self._pool.limit(*circuit, width)
        self._pool.resume(*circuit)
        many = "any number of episodes" if width is None else f"{width} episode{'s' * (width > 1)} at once"
        log.warning("%s: %s: %s", circuit, many, why)

    def _take_away(self, circuit: Circuit, why: str) -> None:
        """From the episodes that use what has gone down under them."""
        for use in self._uses:
            if (
                use.instance == circuit.instance
                and circuit.site in use.urls
                and self._breaker.was_down(circuit, begun=use.begun)
            ):
                use.watch.lost = use.watch.lost or f"{circuit} is down: {why}"

    async def _ask(self, circuit: Circuit) -> None:
        instance = self._instances[circuit.instance]
        problem = await outage_of(instance, circuit.site, limit_s=self._settings.ask_limit_s)
        self._do(self._breaker.asked(circuit, problem, now=self._clock()))

    async def _ask_when_due(self) -> None:
        while True:
            self._do(self._breaker.due(now=self._clock()))
            self._changed.clear()
            due = self._breaker.next_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - self._clock())):
                    await self._changed.wait()

    async def _reset(self, circuit: Circuit) -> None:
        """Starts it afresh, and all that cannot be parted from it."""
        instance = self._instances[circuit.instance]
        together = [Circuit(instance.name, site) for site in affected(instance, [circuit.site])]
        why = f"{circuit} does not answer: {self._breaker.why(circuit)}"
        for each in together:
            self._do(self._breaker.taken(each, f"it is reset, since {why}", now=self._clock()))
        await self._drained(together)
        async with self._pool.reset_elsewhere(instance.name, [each.site for each in together]):
            done = await self._resets.carry_out(instance.name, [circuit.site], why)
            if not done.error:
                self._pool.was_reset(instance.name, done.sites)
        for each in together:
            self._breaker.was_reset(each, now=self._clock())
        self._changed.set()

    async def _drained(self, circuits: Collection[Circuit]) -> None:
        users = [use for use in self._uses if any(Circuit(use.instance, site) in circuits for site in use.urls)]
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_S):
                for use in users:
                    await use.ended.wait()

    def _start(self, job: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, job: asyncio.Task[Any]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()):
            # Its site would stay as it is, and everybody would wait for it.
            self._pool.fail(error)


async def outage_of(instance: Instance, site: str, *, limit_s: float) -> str:
    """Why the site does not serve pages; "" when it does, whatever they are: 404 at its root is no outage."""
    url = instance.urls[site]
    seen = await plain.look(url, plain.Visitor(limit_s, instance.headers.get(site, {})))
    is_there = seen.elsewhere or (seen.status and seen.status < SERVER_ERROR and seen.status != TOO_MANY_REQUESTS)
    place = Site(site, url)
    wrong = throttled(place, seen) if is_there else unanswered(place, "page", seen)
    return wrong.found if wrong else ""


def _is_doubtful(error: EpisodeError) -> bool:
    return isinstance(error, _DOUBTFUL) and error.may_retry and not error.process_lost


def _documents(watch: LeaseWatch) -> list[tuple[Document, bool]]:
    return [*((each, False) for each in watch.good), *((each, True) for each in watch.failed)]


def _seen(document: Document, *, failed: bool) -> Seen:
    return Seen(failed=failed, latency_s=document.latency_s)

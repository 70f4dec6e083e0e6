"""Shared sites of a run that is played on several machines: one pool, which all its workers ask by plain values."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import SiteEvent
from webarena_runner.interfaces.execution import Recipe
from webarena_runner.interfaces.watching import Document
from webarena_runner.running.cluster.messages import Granted
from webarena_runner.settings.resetting import Resetting
from webarena_runner.sites.allocation import Grant, Request
from webarena_runner.sites.circuits import Fault, SitesInUse
from webarena_runner.sites.login import SignedIn
from webarena_runner.sites.providers import build_provider, no_browser
from webarena_runner.sites.shared import SharedSites

CHANGE_WAIT_S = 10.0
# Several log-ins, each with a limit of its own.
LOGIN_LIMIT_S = 180.0


@asynccontextmanager
async def open_sites(
    recipe: Recipe, environ: Mapping[str, str], *, on_event: Callable[[SiteEvent], None]
) -> AsyncIterator["HostedSites"]:
    """Raises ConfigError when the provider's sites cannot be handed out from one place."""
    settings = recipe.config.settings
    provider = build_provider(
        recipe.config.sites,
        environ,
        new_context=no_browser,
        outages=settings.outages,
        resetting=Resetting(settings.reset, at_start=recipe.reset_at_start, as_new=recipe.as_new),
        on_event=on_event,
    )
    if not isinstance(provider, SharedSites):
        raise ConfigError(
            f"provider '{recipe.config.sites.provider}' hands its sites out by itself, which workers on several nodes "
            "would do without knowing of each other; build it on SharedSites, or use --executor local"
        )
    async with provider as sites, HostedSites(sites, free=settings.order == "free") as hosted:
        yield hosted


@dataclass
class _Login:
    """The only session that an account has, and whose turn it is to look at it; `turn` counts those who had it."""

    session: SignedIn | None = None
    free: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0

    def __post_init__(self) -> None:
        self.free.set()

    def give_up(self, turn: int) -> None:
        """Its worker was lost, or is slow."""
        if self.turn == turn:
            self.free.set()


@dataclass
class _Held:
    """One grant, and its use from when the episode began."""

    grant: Grant
    use: SitesInUse | None = None


class HostedSites:
    """`free`: writers need not start on a site in the order of their queue."""

    def __init__(self, sites: SharedSites, *, free: bool) -> None:
        self._sites = sites
        self._free = free
        self._held: dict[int, _Held] = {}
        self._logins: dict[tuple[str, str], _Login] = {}
        self._latest = 0
        self._version = 0
        self._newer = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "HostedSites":
        self._start(self._watch())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for job in (jobs := tuple(self._jobs)):
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    async def look(self, wanted: Sequence[Request], most: int) -> Mapping[int, Granted]:
        """What may start now, by its place in the queue, from its head on; at most so many are handed out."""
        look, found = self._sites.pool.look(free=self._free), dict[int, Granted]()
        for place, request in enumerate(wanted):
            if len(found) == most:
                break
            if grant := look.take(request):
                self._latest += 1
                self._held[self._latest] = _Held(grant)
                found[place] = self._granted(self._latest, grant)
        return found

    async def changed(self, version: int) -> int:
        """Waits until the pool has another version than that, or a while; the version that it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CHANGE_WAIT_S):
                while self._version == version:
                    self._newer.clear()
                    await self._newer.wait()
        return self._version

    async def stuck(self, wanted: Sequence[Request]) -> str:
        """Why none of these can ever start as things are; "" when one may yet."""
        reasons = [self._sites.pool.hopeless(request) for request in wanted]
        return "" if not all(reasons) else "; ".join(dict.fromkeys(reasons))

    async def begin(self, number: int) -> None:
        held = self._held[number]
        held.use = self._sites.circuits.begin(held.grant.instance, held.grant.request.sites)

    async def wrote(self, number: int, site: str) -> None:
        if held := self._held.get(number):
            self._sites.pool.wrote(held.grant, site)

    async def told(self, numbers: Sequence[int]) -> Mapping[int, tuple[tuple[str, ...], str]]:
        """What episodes have to know while they run: sites on which they are disturbed, and why they must not go on.

        Nobody has a grant any more that was taken away with its node.
        """
        gone = (), "its sites were given to another episode"
        found = {}
        for number in numbers:
            held = self._held.get(number)
            lost = held.use.watch.lost if held and held.use else ""
            found[number] = (tuple(held.grant.disturbed), lost) if held else gone
        return found

    async def left(
        self, number: int, fault: Fault | None, seen: tuple[Sequence[Document], Sequence[Document]], blamed: str
    ) -> tuple[str, ...]:
        """An episode ended, on a fault or not; the sites that are down, of those that may be why."""
        held = self._held.get(number)
        if held is None or held.use is None:
            return ()
        held.use.watch.good.extend(seen[0])
        held.use.watch.failed.extend(seen[1])
        held.use.watch.blamed = blamed
        if fault is None:
            self._sites.circuits.went_well(held.use)
            return ()
        return await self._sites.circuits.failed(held.use, fault)

    async def release(self, number: int) -> tuple[str, ...]:
        """Gives it back; the sites on which it was disturbed."""
        held = self._held.pop(number, None)
        if held is None:
            return ()
        if held.use:
            self._sites.circuits.end(held.use)
        await self._sites.pool.release(held.grant)
        return tuple(held.grant.disturbed)

    async def borrow_login(self, instance: str, site: str) -> SignedIn | None:
        """Waits for the turn of whoever asks, who gives it back by `return_login`."""
        login = self._logins.setdefault((instance, site), _Login())
        while not login.free.is_set():
            await login.free.wait()
        login.free.clear()
        login.turn += 1
        asyncio.get_running_loop().call_later(LOGIN_LIMIT_S, login.give_up, login.turn)
        return login.session

    async def return_login(self, instance: str, site: str, renewed: SignedIn | None) -> None:
        login = self._logins[instance, site]
        login.session = renewed or login.session
        login.free.set()

    async def forfeit(self, number: int, after_s: float) -> None:
        """Its node is lost, where it may go on for so long before it ends itself."""
        self._start(self._release_after(number, after_s))

    async def _release_after(self, number: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.release(number)

    async def _watch(self) -> None:
        while True:
            await self._sites.pool.changed()
            self._version += 1
            self._newer.set()

    def _granted(self, number: int, grant: Grant) -> Granted:
        renewals = {site: self._sites.renewals[grant.instance, site] for site in grant.request.sites}
        return Granted(number, grant.instance, grant.request.sites, grant.request.writes, renewals)

    def _start(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

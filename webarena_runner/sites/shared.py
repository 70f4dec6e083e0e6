"""Sites that all episodes share, in one copy or several: read and write leases per site, and logged-in states."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any, Self

from playwright.async_api import StorageState

from webarena_runner.errors import SiteError
from webarena_runner.interfaces import NewContext, SiteEvent, SiteLease, ignore_site_event
from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.official.sites import HOMEPAGE, accounts_for
from webarena_runner.settings.records import OutageSettings
from webarena_runner.settings.resetting import NO_RESETS, Resetting
from webarena_runner.sites.allocation import Allocation, Grant, Request
from webarena_runner.sites.circuits import Circuits
from webarena_runner.sites.clashes import Clashes
from webarena_runner.sites.desk import OwnDesk, SiteDesk
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.pool import Pool
from webarena_runner.sites.resets.in_run import Resets
from webarena_runner.sites.sessions import OnlySession, Sessions


class SharedSites:
    """The core of providers whose sites several episodes use; a task has all its sites from one instance.

    `label` names the provider in leases. `new_context` opens an empty browser context for logging in, `login_limit_s`
    is for one log-in as a whole. `outages`, `resetting` and `on_event` are as in `SiteSetup`.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        *,
        label: str,
        new_context: NewContext,
        outages: OutageSettings | None = None,
        login_limit_s: float = 60,
        resetting: Resetting = NO_RESETS,
        on_event: Callable[[SiteEvent], None] = ignore_site_event,
    ) -> None:
        self.instances = tuple(instances)
        self._resets = Resets(instances, resetting, on_event=on_event)
        allocation = Allocation(
            {instance.name: instance.urls.keys() for instance in instances},
            needs_reset=self._resets.is_due,
            together=lambda place: self._resets.together(*place),
        )
        for place in set(resetting.as_new) & allocation.uses.keys():
            allocation.was_reset(place[0], [place[1]])
        self.pool = Pool(allocation, reset=self._reset)
        self._label = label
        self._copies = {
            each.name: _Copy(each, new_context, login_limit_s, partial(self._renewing, each.name)) for each in instances
        }
        self.circuits = Circuits(
            instances, self.pool, outages or OutageSettings(), resets=self._resets, on_back=self.forget_sessions
        )
        self._desk: SiteDesk = OwnDesk(self.pool, self.circuits)
        # How often each place was put back or came back, after which no log-in of before is known to hold.
        self.renewals = Counter[tuple[str, str]]()
        self._served = frozenset(site for instance in instances for site in instance.urls)

    def follow(self, desk: SiteDesk) -> None:
        """From here on another one says who may use what; to be called before the first lease."""
        self._desk = desk

    async def __aenter__(self) -> Self:
        await self.pool.__aenter__()
        await self.circuits.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.circuits.__aexit__(*exc)
        await self.pool.__aexit__(*exc)
        for copy in self._copies.values():
            copy.sessions.clear()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool, grant: Grant | None = None
    ) -> AsyncIterator[SiteLease]:
        """Waits for its turn, unless it has a grant already: a writer has its sites alone, readers share them.

        Who asks without one plays no run, which would go on elsewhere: it does not wait for sites that are down.
        """
        if absent := sorted(set(sites) - self._served):
            raise SiteError(f"no URL for {', '.join(absent)}; export {absent[0].upper()}=http://HOST:PORT")
        request = Request(tuple(dict.fromkeys(sites)), writes)
        if grant is None and (why := self._desk.away(request)):
            raise SiteError(f"paused: {why}")
        granted = grant or await self._desk.acquire(request)
        try:
            async with self._desk.using(granted) as watch, AsyncExitStack() as held:
                yield await self._opened(granted, login_sites, held, watch)
        finally:
            await self._desk.release(granted)

    def forget_sessions(self, instance: str, site: str) -> None:
        """It was put back to its first state, or away."""
        self.renewals[instance, site] += 1
        self._copies[instance].sessions.forget(site)

    def _renewing(self, instance: str, site: str) -> AbstractAsyncContextManager[OnlySession]:
        return self._desk.renewing(instance, site)

    async def _opened(
        self, grant: Grant, login_sites: Sequence[str], held: AsyncExitStack, watch: LeaseWatch
    ) -> SiteLease:
        copy = self._copies[grant.instance]
        instance = copy.instance
        sites = grant.request.sites
        leased = list(dict.fromkeys([*sites, HOMEPAGE] if HOMEPAGE in instance.urls else sites))
        began = monotonic()
        states = {
            site: (await held.enter_async_context(copy.sessions.held(site))).state
            for site in dict.fromkeys(login_sites)
        }
        login_s = monotonic() - began
        urls = {site: instance.urls[site] for site in leased}
        apart = await copy.clashes.apart(urls, states)
        return SiteLease(
            urls=urls,
            storage_state=_merged({site: state for site, state in states.items() if site not in apart}),
            apart={site: states.get(site, {}) for site in leased if site in apart},
            credentials=accounts_for(leased, instance.credentials),
            more_urls=instance.more_urls,
            headers={site: instance.headers[site] for site in leased if site in instance.headers},
            login_pages=[urls[site] + form.path for site in states if (form := instance.logins[site]).path],
            is_signed_out=copy.sessions.is_signed_out,
            label=self._label if len(self._copies) == 1 else f"{self._label}#{instance.name}",
            instance=instance.name,
            on_write=lambda site: self._desk.wrote(grant, site),
            disturbed=grant.disturbed,
            watch=watch,
            login_s=login_s,
        )

    async def _reset(self, instance: str, sites: Sequence[str], why: str) -> str:
        done = await self._resets.carry_out(instance, sites, why)
        for site in done.sites:
            self.forget_sessions(instance, site)
        return done.error


class _Copy:
    """One instance, and what a run knows of it."""

    def __init__(
        self,
        instance: Instance,
        new_context: NewContext,
        login_limit_s: float,
        renewing: Callable[[str], AbstractAsyncContextManager[OnlySession]],
    ) -> None:
        self.instance = instance
        self.sessions = Sessions(instance, new_context=new_context, limit_s=login_limit_s, renewing=renewing)
        self.clashes = Clashes(instance.headers)


def _merged(states: Mapping[str, StorageState]) -> dict[str, Any] | None:
    """One state for several sites, none of which has a cookie of another's; None for none."""
    if not states:
        return None
    cookies = {
        (cookie.get("name"), cookie.get("domain"), cookie.get("path")): cookie
        for state in states.values()
        for cookie in state.get("cookies", [])
    }
    origins = [origin for state in states.values() for origin in state.get("origins", [])]
    return {"cookies": list(cookies.values()), "origins": origins}

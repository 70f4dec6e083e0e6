"""Sites that all episodes share, in one copy or several: read and write leases per site, and logged-in states."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from playwright.async_api import StorageState

from webarena_runner.errors import LoginRefused, SiteError
from webarena_runner.interfaces import NewContext, SiteLease
from webarena_runner.official.sites import HOMEPAGE, OFFICIAL_SITES, accounts_for
from webarena_runner.sites.clashes import Clashes
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.locks import ReadWriteLock
from webarena_runner.sites.sessions import Sessions


class SharedSites:
    """The core of providers whose sites several episodes use; a task has all its sites from one instance.

    `label` names the provider in leases. `new_context` opens an empty browser context for logging in, `login_limit_s`
    is for one log-in as a whole.
    """

    def __init__(
        self, instances: Sequence[Instance], *, label: str, new_context: NewContext, login_limit_s: float = 60
    ) -> None:
        self.instances = tuple(instances)
        self._label = label
        self._copies = [_Copy(instance, new_context, login_limit_s) for instance in instances]
        self._served = frozenset(site for instance in instances for site in instance.urls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for copy in self._copies:
            copy.sessions.clear()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        """Waits for its turn on every site: a writer has its sites alone, readers share them."""
        copy = self._copy_with(sites)
        instance = copy.instance
        leased = list(dict.fromkeys([*sites, HOMEPAGE] if HOMEPAGE in instance.urls else sites))
        async with AsyncExitStack() as held:
            # All leases take their sites in one order, so that two of them never wait for each other.
            for site in sorted(leased):
                exclusive = writes and not OFFICIAL_SITES[site].stateless
                await held.enter_async_context(copy.locks[site].hold(exclusive=exclusive))
            yield await self._granted(copy, leased, login_sites, held)

    def _copy_with(self, sites: Sequence[str]) -> "_Copy":
        absent = sorted(set(sites) - self._served)
        if absent:
            raise SiteError(f"no URL for {', '.join(absent)}; export {absent[0].upper()}=http://HOST:PORT")
        able = [copy for copy in self._copies if copy.instance.urls.keys() >= set(sites)]
        if not able:
            raise SiteError(f"no instance has all of {', '.join(sites)}; give one of them the URLs that it lacks")
        return min(able, key=lambda copy: sum(copy.locks[site].holders for site in sites))

    async def _granted(
        self, copy: "_Copy", leased: Sequence[str], login_sites: Sequence[str], held: AsyncExitStack
    ) -> SiteLease:
        instance = copy.instance
        states = {
            site: (await held.enter_async_context(copy.sessions.held(site))).state
            for site in dict.fromkeys(login_sites)
        }
        urls = {site: instance.urls[site] for site in leased}
        merged = _merged(states) if states else None
        await copy.clashes.require_none(urls, states)
        return SiteLease(
            urls=urls,
            storage_state=merged,
            credentials=accounts_for(leased, instance.credentials),
            more_urls=instance.more_urls,
            headers={site: instance.headers[site] for site in leased if site in instance.headers},
            login_pages=[urls[site] + form.path for site in states if (form := instance.logins[site]).path],
            label=self._label if len(self._copies) == 1 else f"{self._label}#{instance.name}",
        )


class _Copy:
    """One instance, and what a run knows of it."""

    def __init__(self, instance: Instance, new_context: NewContext, login_limit_s: float) -> None:
        self.instance = instance
        self.locks = {site: ReadWriteLock() for site in instance.urls}
        self.sessions = Sessions(instance, new_context=new_context, limit_s=login_limit_s)
        self.clashes = Clashes(instance.headers)


def _merged(states: Mapping[str, StorageState]) -> dict[str, Any]:
    """One state for several sites.

    Cookies have no port: two sites on one host that use one cookie name would sign each other out.
    """
    cookies: dict[tuple[object, ...], Any] = {}
    owners: dict[tuple[object, ...], str] = {}
    origins = []
    for site, state in states.items():
        for cookie in state.get("cookies", []):
            key = (cookie.get("name"), cookie.get("domain"), cookie.get("path"))
            if key in cookies and cookies[key] != cookie and owners[key] != site:
                raise LoginRefused(
                    f"{owners[key]} and {site} share the cookie '{key[0]}' on host {key[1]}; "
                    f"give one of them another host name, so that both can be logged in"
                )
            cookies[key], owners[key] = cookie, site
        origins += state.get("origins", [])
    return {"cookies": list(cookies.values()), "origins": origins}

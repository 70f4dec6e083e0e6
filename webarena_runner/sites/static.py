"""Sites given by URL that all episodes share: read and write leases per site, and logged-in states."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import BrowserContext, StorageState

from webarena_runner.errors import LoginError, SiteError
from webarena_runner.interfaces import SiteLease, SiteSetup
from webarena_runner.official.sites import HOMEPAGE, LOGIN_FORMS, OFFICIAL_SITES, accounts_for
from webarena_runner.sites.locks import ReadWriteLock
from webarena_runner.sites.login import log_in, signed_in
from webarena_runner.sites.url_options import UrlOptions, credentials, how_to_give, urls_from


@dataclass(frozen=True)
class _SignedIn:
    """A site's state, and when (on the monotonic clock, in seconds) it was last seen to be signed in."""

    state: StorageState
    verified_at_s: float


class StaticSites:
    """The official sites where they already run; nothing is reset between episodes.

    `new_context` opens an empty browser context for logging in. A state is checked again before use once it is older
    than `recheck_after_s`.
    """

    Options = UrlOptions

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        credentials: Mapping[str, tuple[str, str]],
        more_urls: Sequence[str] = (),
        new_context: Callable[[], AbstractAsyncContextManager[BrowserContext]],
        login_limit_s: float = 60,
        recheck_after_s: float = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = dict(urls)
        self._credentials = credentials
        self._more_urls = more_urls
        self._new_context = new_context
        self._login_limit_s = login_limit_s
        self._recheck_after_s = recheck_after_s
        self._clock = clock
        self._leases = {site: ReadWriteLock() for site in urls}
        self._states: dict[str, _SignedIn] = {}
        self._logging_in = {site: asyncio.Lock() for site in urls}  # guards the site's entry in _states

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        """Raises ConfigError when a variable that should hold an account is not set."""
        options: UrlOptions = setup.options
        accounts = credentials(options.accounts, setup.environ)
        return cls(options.urls, more_urls=options.more_urls, credentials=accounts, new_context=setup.new_context)

    @classmethod
    def serves(cls, options: UrlOptions) -> frozenset[str]:
        """Those with a URL."""
        return frozenset(options.urls)

    @classmethod
    def addresses(cls, options: UrlOptions, sites: Sequence[str]) -> list[str]:
        """All are known: those of these sites, and the addresses that their pages need."""
        return [*(options.urls[site] for site in sites if site in options.urls), *options.more_urls]

    @classmethod
    def images_of(cls, options: UrlOptions) -> str:
        """What the sites file says."""
        return options.images

    @classmethod
    def lacking(cls, missing: Mapping[str, int], tasks: int) -> str:
        """Says how to give the URLs."""
        return how_to_give(missing, tasks)

    @classmethod
    def options_from(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        """The sites' URLs, from variables such as SHOPPING."""
        urls = urls_from(environ)
        return {"urls": urls} if urls else {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._states.clear()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        """Waits for its turn on every site: a writer has its sites alone, readers share them."""
        leased = dict.fromkeys([*sites, HOMEPAGE] if HOMEPAGE in self._urls else sites)
        wanted = sorted(leased)
        absent = [site for site in wanted if site not in self._urls]
        if absent:
            raise SiteError(f"no URL for {', '.join(absent)}; export {absent[0].upper()}=http://HOST:PORT")
        async with AsyncExitStack() as held:
            # All leases take their sites in one order, so that two of them never wait for each other.
            for site in wanted:
                exclusive = writes and not OFFICIAL_SITES[site].stateless
                await held.enter_async_context(self._leases[site].hold(exclusive=exclusive))
            state = await self._storage_state(login_sites)
            yield SiteLease(
                urls={site: self._urls[site] for site in leased},
                storage_state=state,
                credentials=accounts_for(leased, self._credentials),
                more_urls=self._more_urls,
                label="static",
            )

    async def _storage_state(self, login_sites: Sequence[str]) -> Mapping[str, Any] | None:
        if not login_sites:
            return None
        states = {site: await self._signed_in_state(site) for site in dict.fromkeys(login_sites)}
        return _merged(states)

    async def _signed_in_state(self, site: str) -> StorageState:
        if site not in LOGIN_FORMS or site not in self._credentials:
            raise LoginError(f"{site}: there is no log-in for this site; known: {', '.join(sorted(LOGIN_FORMS))}")
        url, account = self._urls[site], self._credentials[site]
        async with self._logging_in[site]:
            known = self._states.get(site)
            if known and self._clock() - known.verified_at_s <= self._recheck_after_s:
                return known.state
            if not known or not await self._still_signed_in(site, known.state):
                async with self._new_context() as context:
                    state = await log_in(context, site, url, account, limit_s=self._login_limit_s)
                known = _SignedIn(state, self._clock())
            self._states[site] = _SignedIn(known.state, self._clock())
            return known.state

    async def _still_signed_in(self, site: str, state: StorageState) -> bool:
        cookies: list[Any] = list(state.get("cookies", []))
        async with self._new_context() as context:
            await context.add_cookies(cookies)
            user = self._credentials[site][0]
            return await signed_in(context, site, self._urls[site], user, limit_s=self._login_limit_s)


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
                raise LoginError(
                    f"{owners[key]} and {site} share the cookie '{key[0]}' on host {key[1]}; "
                    f"give one of them another host name, so that both can be logged in"
                )
            cookies[key], owners[key] = cookie, site
        origins += state.get("origins", [])
    return {"cookies": list(cookies.values()), "origins": origins}

"""Sites given by URL that all episodes share: read and write leases per site, and logged-in states."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from playwright.async_api import StorageState

from webarena_runner.errors import LoginRefused, SiteError
from webarena_runner.interfaces import NewContext, SiteLease, SiteSetup
from webarena_runner.official.sites import HOMEPAGE, OFFICIAL_SITES, accounts_for
from webarena_runner.sites.clashes import Clashes
from webarena_runner.sites.locks import ReadWriteLock
from webarena_runner.sites.sessions import Sessions
from webarena_runner.sites.url_options import UrlOptions, credentials, how_to_give, urls_from


class StaticSites:
    """The official sites where they already run; nothing is reset between episodes.

    `new_context` opens an empty browser context for logging in, `login_limit_s` is for one log-in as a whole.
    """

    Options = UrlOptions

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        credentials: Mapping[str, tuple[str, str]],
        more_urls: Sequence[str] = (),
        new_context: NewContext,
        login_limit_s: float = 60,
    ) -> None:
        self._urls = dict(urls)
        self._credentials = credentials
        self._more_urls = more_urls
        self._leases = {site: ReadWriteLock() for site in urls}
        self._sessions = Sessions(
            self._urls, credentials, more_urls=more_urls, new_context=new_context, limit_s=login_limit_s
        )
        self._clashes = Clashes()

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
        self._sessions.clear()

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
            states = {
                site: (await held.enter_async_context(self._sessions.held(site))).state
                for site in dict.fromkeys(login_sites)
            }
            urls = {site: self._urls[site] for site in leased}
            merged = _merged(states) if states else None
            await self._clashes.require_none(urls, states)
            yield SiteLease(
                urls=urls,
                storage_state=merged,
                credentials=accounts_for(leased, self._credentials),
                more_urls=self._more_urls,
                label="static",
            )


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

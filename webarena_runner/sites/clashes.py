"""Whether a look at one site signs out of another: cookies have no port, so sites on one host name share a jar.

Two logged-in states that hold one cookie name are seen to clash when they are merged. But a site that nobody logs in to
sets cookies as well: Django deletes a session that it does not know, PHP gives a new one. So each site is looked at
once with the other's cookies.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from playwright.async_api import StorageState

from webarena_runner.errors import LoginRefused, SiteError
from webarena_runner.inside import send
from webarena_runner.official.addresses import host_and_port
from webarena_runner.sites.proof import client_with, cookies_for

LOOK_LIMIT_S = 10.0


class Clashes:
    """Of one instance in one run, each pair of sites looked at once; `headers` are what each site is sent besides."""

    def __init__(self, headers: Mapping[str, Mapping[str, str]]) -> None:
        self._headers = headers
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    async def require_none(self, urls: Mapping[str, str], states: Mapping[str, StorageState]) -> None:
        """Raises LoginRefused when one of the sites at `urls` takes a cookie away by which another is logged in."""
        for site, state in states.items():
            for other in _beside(site, urls):
                names = {name for name, _, _ in cookies_for(state, urlsplit(urls[site]).hostname or "")}
                lost = sorted(names & await self._set_by(site, other, urls, state))
                if lost:
                    raise LoginRefused(
                        f"{other} sets the cookie {lost[0]!r} by which {site} is logged in, since both are on host "
                        f"{urlsplit(urls[site]).hostname}: a look at {other} signs out of {site}; give one of them "
                        "another host name"
                    )

    async def _set_by(self, site: str, other: str, urls: Mapping[str, str], state: StorageState) -> frozenset[str]:
        if (site, other) not in self._known:
            found: set[str] = set()
            headers = self._headers.get(other)
            async with client_with(state, urls[other], headers=headers, sets=found.add) as client:
                try:
                    await send(client, client.build_request("GET", urls[other]), limit_s=LOOK_LIMIT_S)
                except SiteError:
                    # Its own trouble, which shows where it is needed.
                    return frozenset(found)
            self._known[site, other] = frozenset(found)
        return self._known[site, other]


def _beside(site: str, urls: Mapping[str, str]) -> Iterator[str]:
    """Other sites of one host name."""
    mine = host_and_port(urls[site])
    for other, url in urls.items():
        theirs = host_and_port(url)
        if mine and theirs and theirs != mine and theirs[0] == mine[0]:
            yield other

"""Whether sites sign each other out: cookies have no port, so sites on one host name share a jar.

Two logged-in states that hold one cookie name clash. But a site that nobody logs in to sets cookies as well: Django
deletes a session that it does not know, PHP gives a new one. So each site is looked at once with the other's cookies.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import StorageState

from webarena_runner.errors import LoginRefused, SiteError
from webarena_runner.inside import send
from webarena_runner.official.addresses import host_and_port
from webarena_runner.sites.proof import SetCookie, client_with, cookies_for

LOOK_LIMIT_S = 10.0


@dataclass(frozen=True)
class Clash:
    """`other` sets, or deletes, the cookie by which `site` is logged in.

    `hidden`: pages cannot read that of one of them, which can so have another name in the browser than for its site.
    """

    site: str
    other: str
    cookie: str
    hidden: bool


class Clashes:
    """Of one instance in one run, each pair of sites looked at once; `headers` are what each site is sent besides."""

    def __init__(self, headers: Mapping[str, Mapping[str, str]]) -> None:
        self._headers = headers
        self._known: dict[tuple[str, str], frozenset[SetCookie]] = {}

    async def apart(self, urls: Mapping[str, str], states: Mapping[str, StorageState]) -> frozenset[str]:
        """The sites at `urls` whose cookies must be kept apart from each other's for all to stay logged in.

        Raises:
            LoginRefused: that cannot be done.
        """
        found = [*_between(urls, states)]
        for site, state in states.items():
            for other in _beside(site, urls):
                found += _taken(site, other, urls, state, await self._set_by(site, other, urls, state))
        for clash in found:
            _require_separable(clash, urls)
        return frozenset(name for clash in found for name in (clash.site, clash.other))

    async def _set_by(
        self, site: str, other: str, urls: Mapping[str, str], state: StorageState
    ) -> frozenset[SetCookie]:
        if (site, other) not in self._known:
            found: set[SetCookie] = set()
            headers = self._headers.get(other, {})
            async with client_with(state, urls[other], headers=headers, sets=found.add) as client:
                try:
                    await send(client, client.build_request("GET", urls[other]), limit_s=LOOK_LIMIT_S)
                except SiteError:
                    # Its own trouble, which shows where it is needed.
                    return frozenset(found)
            self._known[site, other] = frozenset(found)
        return self._known[site, other]


def _between(urls: Mapping[str, str], states: Mapping[str, StorageState]) -> Iterator[Clash]:
    """Logged-in states of which a browser can hold only one."""
    seen: dict[tuple[object, ...], tuple[str, Mapping[str, object]]] = {}
    for site, state in states.items():
        for cookie in state.get("cookies", []):
            key = (cookie.get("name"), cookie.get("domain"), cookie.get("path"))
            owner, theirs = seen.setdefault(key, (site, cookie))
            if owner != site and theirs != cookie:
                hidden = bool(cookie.get("httpOnly") or theirs.get("httpOnly"))
                yield Clash(owner, site, str(cookie.get("name")), hidden and _host(urls[owner]) == _host(urls[site]))


def _taken(
    site: str, other: str, urls: Mapping[str, str], state: StorageState, set_there: Iterable[SetCookie]
) -> Iterator[Clash]:
    """Cookies of the site's state that a look at the other one sets or deletes."""
    hidden = {cookie.get("name"): bool(cookie.get("httpOnly")) for cookie in state.get("cookies", [])}
    names = {name for name, _, _ in cookies_for(state, _host(urls[site]))}
    for cookie in sorted(set_there):
        if cookie.name in names:
            yield Clash(site, other, cookie.name, hidden.get(cookie.name, False) or cookie.hidden)


def _require_separable(clash: Clash, urls: Mapping[str, str]) -> None:
    secure = [site for site in (clash.site, clash.other) if not urls[site].startswith("http://")]
    if clash.hidden and not secure:
        return
    why = f"{secure[0]} is not served by plain http" if secure else "pages can read that cookie of both"
    raise LoginRefused(
        f"{clash.other} sets the cookie {clash.cookie!r} by which {clash.site} is logged in, since both are on host "
        f"{_host(urls[clash.site])}: a look at {clash.other} signs out of {clash.site}. They cannot be kept "
        f"apart there ({why}); give one of them another host name, such as 127.0.0.2 or a name of its own in /etc/hosts"
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _beside(site: str, urls: Mapping[str, str]) -> Iterator[str]:
    """Other sites of one host name."""
    mine = host_and_port(urls[site])
    for other, url in urls.items():
        theirs = host_and_port(url)
        if mine and theirs and theirs != mine and theirs[0] == mine[0]:
            yield other

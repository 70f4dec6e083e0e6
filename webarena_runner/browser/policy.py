"""The fence: which addresses the browser may reach, held by the network stack of each browser context.

A context gets a proxy of our own, and a list of hosts that go past it: the leased sites. Chromium decides per
connection, so that redirects, sub-resources, WebSockets and workers are all covered, and a request to a site costs
nothing more. Intercepting requests instead (Playwright's `route`) costs a round trip through the driver for each of
them, and turns off the HTTP cache.
"""

import re
from collections.abc import Iterable, MutableMapping
from urllib.parse import urlsplit

from webarena_runner.official.addresses import LOOPBACK_NAMES, host_and_port, is_plain, place_of
from webarena_runner.settings.records import Offsite

INWARD_SCHEMES = frozenset({"about", "blob", "data"})
PAGE_SCHEMES = frozenset({"http", "https"})
REFUSAL_PAGE = b"<!doctype html><title>Blocked</title><p>This address is not one of the sites of this task.</p>"
# Pages make names up as they like.
MAX_HOSTS = 50
MORE_HOSTS = "further hosts"
NO_HOST = "no host"
_HOST = re.compile(r"[\w.:-]{1,255}", re.ASCII)


class Fence:
    """The addresses of one episode: host and port of every leased URL; the spellings of the loopback are one host.

    `blocked` is filled with how often each other one, as HOST:PORT, was asked for in vain, and `visited` with how often
    one was reached, which happens with `offsite` allow alone. Sites in `through_proxy` do not go past the proxy.
    """

    def __init__(
        self,
        urls: Iterable[str],
        blocked: MutableMapping[str, int] | None = None,
        *,
        visited: MutableMapping[str, int] | None = None,
        offsite: Offsite = "block",
        through_proxy: Iterable[str] = (),
    ) -> None:
        listed = list(urls)
        self.offsite = offsite
        self._addresses = frozenset(filter(None, map(host_and_port, listed)))
        self._places = frozenset(filter(None, map(place_of, listed)))
        self._relayed = frozenset(filter(None, map(place_of, through_proxy)))
        self._blocked = {} if blocked is None else blocked
        self._visited = {} if visited is None else visited

    def refuse(self, url: str) -> None:
        """Counts a request that was refused."""
        _count(self._blocked, url)

    def visit(self, url: str) -> None:
        """Counts a request that leads to none of the sites."""
        _count(self._visited, url)

    def allows(self, url: str) -> bool:
        """Whether a page of the task may be there; also true of addresses that never leave the browser."""
        return self.has(url) or (is_plain(url) and _scheme(url) in INWARD_SCHEMES)

    def lets_out(self, url: str) -> bool:
        """Whether the agent may open a page there, as far as the address can tell."""
        if self.allows(url):
            return True
        return self.offsite == "allow" and is_plain(url) and _scheme(url) in PAGE_SCHEMES and bool(host_and_port(url))

    def has(self, url: str) -> bool:
        """Whether a page of one of the sites is there, as far as host and port can tell."""
        return is_plain(url) and place_of(url) in self._places

    def is_elsewhere(self, url: str) -> bool:
        """Whether a URL names a host, and none of the sites'."""
        return not self.has(url) and host_and_port(url) is not None

    def __str__(self) -> str:
        return ", ".join(sorted(f"{host}:{port}" for host, port in self._addresses))

    @property
    def bypass(self) -> str:
        """The context's proxy bypass list; <-loopback> first, since Chromium would let all of 127.0.0.1 past."""
        past = {
            (spelling, port)
            for host, port in self._places - self._relayed
            for spelling in (LOOPBACK_NAMES if host in LOOPBACK_NAMES else (host,))
        }
        hosts = sorted(f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in past)
        return ",".join(["<-loopback>", *hosts])


def _count(counts: MutableMapping[str, int], url: str) -> None:
    address = host_and_port(url)
    name = f"{address[0]}:{address[1]}" if address else NO_HOST
    name = name if _HOST.fullmatch(name) else NO_HOST
    if name not in counts and len(counts) >= MAX_HOSTS:
        name = MORE_HOSTS
    counts[name] = counts.get(name, 0) + 1


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""

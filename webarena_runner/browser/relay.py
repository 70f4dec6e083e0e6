"""Requests to one site, and its answers, changed on their way: headers that only it is given, cookies of its own.

Cookies have no port: sites on one host name share a jar, and sign each other out where they use one name. So cookies
that pages cannot read are in the jar under a name of the site's own, and the site has them back under its name. Pages,
addresses and the `Host` header stay as they are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.official.addresses import host_and_port, place_of

_HOP = frozenset({"proxy-connection", "proxy-authorization", "keep-alive"})
_CONNECTION = "connection"
_PLAIN = re.compile(r"[\x20-\x7e\x80-\xff]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
Header = tuple[str, str]


@dataclass(frozen=True)
class Head:
    """The head of a request to a proxy, or of an answer, up to its empty line."""

    raw: bytes

    @cached_property
    def start(self) -> str:
        return self._lines[0]

    @cached_property
    def headers(self) -> list[Header]:
        found = [line.partition(":") for line in self._lines[1:] if line]
        return [(name, value.strip()) for name, _, value in found]

    @cached_property
    def _lines(self) -> list[str]:
        return self.raw.decode("latin-1").split("\r\n")

    @property
    def opens_tunnel(self) -> bool:
        return self.start.startswith("CONNECT ")

    @property
    def target(self) -> str:
        """What a request asks for: a URL, or for `CONNECT` the secure address."""
        asked = self.start.partition(" ")[2].partition(" ")[0]
        return f"https://{asked}" if self.opens_tunnel else asked

    @property
    def is_interim(self) -> bool:
        """Whether another answer follows this one."""
        status = self.start.partition(" ")[2][:3]
        return status.startswith("1") and status != "101"

    def to_origin(self, headers: Iterable[Header] | None = None) -> bytes:
        """The request as its server takes it, as the only one of the connection."""
        method, _, rest = self.start.partition(" ")
        asked, _, version = rest.rpartition(" ")
        path = re.sub(r"^[a-z]+://[^/?#]*", "", asked, flags=re.IGNORECASE)
        path = path if path.startswith("/") else f"/{path}"
        return _written(f"{method} {path} {version}", self.headers if headers is None else headers)

    def to_last(self, headers: Iterable[Header] | None = None) -> bytes:
        """The answer as the only one of the connection."""
        return _written(self.start, self.headers if headers is None else headers)


def _written(start: str, headers: Iterable[Header]) -> bytes:
    kept = [(name, value) for name, value in headers if name.lower() not in _HOP]
    upgrades = any(name.lower() == "upgrade" for name, _ in kept)
    if not upgrades:
        kept = [header for header in kept if header[0].lower() != _CONNECTION] + [("Connection", "close")]
    lines = [start, *(f"{name}: {value}" for name, value in kept), "", ""]
    return "\r\n".join(lines).encode("latin-1")


@dataclass
class OwnCookies:
    """One site's, in a jar that it shares: `mark` ends their names there, `marks` are those of all such sites.

    `names` are those of cookies that pages cannot read, as the site has them.
    """

    mark: str
    marks: frozenset[str]
    names: set[str] = field(default_factory=set)

    def sent(self, value: str) -> str:
        """The `Cookie` header as the site is to have it."""
        pairs = [(pair.partition("=")[0], pair) for pair in value.split("; ")]
        own = {
            (bare := name.removesuffix(self.mark)): bare + pair.removeprefix(name)
            for name, pair in pairs
            if name.endswith(self.mark)
        }
        shared = (pair for name, pair in pairs if not name.endswith(tuple(self.marks)) and name not in own)
        return "; ".join([*own.values(), *shared])

    def set(self, value: str) -> str:
        """A `Set-Cookie` header as the browser is to keep it."""
        name, _, rest = value.partition("=")
        if any(part.strip().lower() == "httponly" for part in rest.split(";")[1:]):
            self.names.add(name)
        return f"{name}{self.mark}={rest}" if name in self.names else value

    def kept(self, state: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The cookies of the site's logged-in state, as they are in the jar."""
        cookies = [dict(cookie) for cookie in state.get("cookies", ())]
        for cookie in cookies:
            if cookie.get("httpOnly"):
                self.names.add(cookie["name"])
                cookie["name"] += self.mark
        return cookies

    def of_site(self, jar: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The cookies of the jar that the site gets, as it has them."""
        return [
            {**cookie, "name": cookie["name"].removesuffix(self.mark)}
            for cookie in jar
            if cookie["name"].endswith(self.mark) or not cookie["name"].endswith(tuple(self.marks))
        ]


class SiteRelay:
    """One site of an episode, without encryption; `headers` go to it and to nobody else.

    Raises:
        ConfigError: a secure site, into whose connections nobody can look, or a header that is none.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, cookies: OwnCookies | None = None) -> None:
        if not url.startswith("http://"):
            raise ConfigError(
                f"{url}: headers of one site alone, and cookies apart from those of another site on its host name, "
                "need a site with http:// in its URL; give it another host name, or serve it without encryption"
            )
        for name, value in (headers or {}).items():
            if not (_NAME.fullmatch(name) and _PLAIN.fullmatch(value)):
                raise ConfigError(f"{url}: header {name[:80]!r}: its name or value holds what no header may hold")
        self.url = url
        self._headers = dict(headers or {})
        self._cookies = cookies

    def request(self, head: Head) -> bytes:
        given = {name.lower() for name in self._headers}
        kept = [(name, self._sent(name, value)) for name, value in head.headers if name.lower() not in given]
        return head.to_origin(
            [*(header for header in kept if header[1] or not _is_cookie(header[0])), *self._headers.items()]
        )

    def answer(self, head: Head) -> bytes:
        if self._cookies is None:
            return head.to_last()
        own = self._cookies
        return head.to_last(
            (name, own.set(value) if name.lower() == "set-cookie" else value) for name, value in head.headers
        )

    def _sent(self, name: str, value: str) -> str:
        return self._cookies.sent(value) if self._cookies and _is_cookie(name) else value


def _is_cookie(name: str) -> bool:
    return name.lower() == "cookie"


@dataclass(frozen=True)
class OwnWays:
    """The sites of an episode whose requests go through its proxy, and the state that its browser context begins with.

    `cookies` are by the names of those sites whose cookies are apart.
    """

    relays: list[SiteRelay]
    state: Mapping[str, Any] | None
    cookies: Mapping[str, OwnCookies]


def own_ways_of(
    urls: Mapping[str, str],
    storage_state: Mapping[str, Any] | None,
    headers: Mapping[str, Mapping[str, str]],
    apart: Mapping[str, Mapping[str, Any]],
) -> OwnWays:
    """Raises ConfigError as `SiteRelay`."""
    cookies = _own_cookies({site: urls[site] for site in apart})
    by_place: dict[object, list[str]] = {}
    for site, url in urls.items():
        if headers.get(site) or site in apart:
            by_place.setdefault(place_of(url), []).append(site)
    relays = [
        SiteRelay(
            urls[sites[0]],
            {name: value for site in sites for name, value in headers.get(site, {}).items()},
            next((cookies[site] for site in sites if site in cookies), None),
        )
        for sites in by_place.values()
    ]
    if not apart:
        return OwnWays(relays, storage_state, cookies)
    state = dict(storage_state or {})
    own = [cookie for site, owned in cookies.items() for cookie in owned.kept(apart[site])]
    state["cookies"] = [*state.get("cookies", ()), *own]
    state["origins"] = [
        *state.get("origins", ()),
        *(each for kept in apart.values() for each in kept.get("origins", ())),
    ]
    return OwnWays(relays, state, cookies)


def _own_cookies(urls: Mapping[str, str]) -> dict[str, OwnCookies]:
    """Of each of these sites, by name; their ports tell them apart, and two on one port have the same."""
    marks = {site: f"~{address[1]}" for site, url in urls.items() if (address := host_and_port(url))}
    of_port = {mark: OwnCookies(mark, frozenset(marks.values())) for mark in marks.values()}
    return {site: of_port[mark] for site, mark in marks.items()}

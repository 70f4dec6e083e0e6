"""The fence: which addresses the browser may reach, held by the network stack of each browser context.

A context gets a proxy that refuses everything, and a list of hosts that go past the proxy: the leased sites. Chromium
decides per connection, so that redirects, sub-resources, WebSockets and workers are all covered, and a request to a
site costs nothing more. Intercepting requests instead (Playwright's `route`) costs a round trip through the driver for
each of them, and turns off the HTTP cache.
"""

import asyncio
import re
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from webarena_runner.official.addresses import host_and_port, is_plain

INWARD_SCHEMES = frozenset({"about", "blob", "data"})
REFUSAL_PAGE = b"<!doctype html><title>Blocked</title><p>This address is not one of the sites of this task.</p>"
REFUSAL = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(REFUSAL_PAGE), REFUSAL_PAGE)
)
MAX_HEAD_BYTES = 65_536
HEAD_TIMEOUT_S = 10
# Pages make names up as they like.
MAX_BLOCKED_HOSTS = 50
MORE_HOSTS = "further hosts"
NO_HOST = "no host"
_HOST = re.compile(r"[\w.:-]{1,255}", re.ASCII)


class Fence:
    """The addresses of one episode: host and port of every leased URL.

    `blocked` is filled with how often each other one, as HOST:PORT, was asked for in vain.
    """

    def __init__(self, urls: Iterable[str], blocked: MutableMapping[str, int] | None = None) -> None:
        self._addresses = frozenset(address for url in urls if (address := host_and_port(url)))
        self._blocked = {} if blocked is None else blocked

    def refuse(self, url: str) -> None:
        """Counts a request that was refused."""
        address = host_and_port(url)
        name = f"{address[0]}:{address[1]}" if address else NO_HOST
        name = name if _HOST.fullmatch(name) else NO_HOST
        if name not in self._blocked and len(self._blocked) >= MAX_BLOCKED_HOSTS:
            name = MORE_HOSTS
        self._blocked[name] = self._blocked.get(name, 0) + 1

    def allows(self, url: str) -> bool:
        """Whether a page may be opened there; also true of addresses that never leave the browser."""
        return self.has(url) or (is_plain(url) and _scheme(url) in INWARD_SCHEMES)

    def has(self, url: str) -> bool:
        """Whether a page of one of the sites is there, as far as host and port can tell."""
        return is_plain(url) and host_and_port(url) in self._addresses

    def __str__(self) -> str:
        return ", ".join(sorted(f"{host}:{port}" for host, port in self._addresses))

    @property
    def bypass(self) -> str:
        """The context's proxy bypass list; <-loopback> first, since Chromium would let all of 127.0.0.1 past."""
        hosts = sorted(f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in self._addresses)
        return ",".join(["<-loopback>", *hosts])


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _target(head: bytes) -> str:
    """What a request to a proxy asks for: a URL, or for `CONNECT` the secure address."""
    method, _, rest = head.partition(b"\r\n")[0].decode("ascii", "replace").partition(" ")
    asked = rest.partition(" ")[0]
    return f"https://{asked}" if method == "CONNECT" else asked


class RefusingProxy:
    """An HTTP proxy on the loopback that answers 403 to everything, and tells one episode's fence."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._refuse, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the proxy has not been started")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                self._fence.refuse(_target(head))
                writer.write(REFUSAL)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            return
        finally:
            writer.close()

"""The proxy of one episode: what does not go past it is refused, led on to a public host, or to a site with changes.

One request per connection, in both directions: nothing of a body has to be understood, only the two heads.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from webarena_runner.browser.outside import Dial, NotPublic, Streams, dial
from webarena_runner.browser.policy import REFUSAL_PAGE, Fence
from webarena_runner.browser.relay import Head, SiteRelay
from webarena_runner.official.addresses import host_and_port, place_of

NO_ANSWER_PAGE = b"<!doctype html><title>No answer</title><p>This address cannot be reached.</p>"
TUNNEL_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
MAX_HEAD_BYTES = 65_536
HEAD_TIMEOUT_S = 10
CHUNK_BYTES = 65_536
_TLS = b"\x16"


class EpisodeProxy:
    """An HTTP proxy on the loopback that keeps one episode's fence.

    `relays` are sites whose requests are changed on their way; `connect` replaces the network outside in tests.
    """

    def __init__(self, fence: Fence, relays: Sequence[SiteRelay] = (), connect: Dial = dial) -> None:
        self._fence = fence
        self._relays = {place_of(relay.url): relay for relay in relays}
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the proxy has not been started")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await _head(reader)
            if relay := self._relays.get(place_of(head.target)):
                await self._relay(relay, head, reader, writer)
            elif self._fence.offsite == "allow":
                await self._lead_out(head, reader, writer)
            else:
                self._fence.refuse(head.target)
                await _answer(writer, "403 Forbidden", REFUSAL_PAGE)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            return
        finally:
            writer.close()

    async def _relay(
        self, relay: SiteRelay, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A site that does not answer is seen as such by the browser: nothing comes of the request."""
        address = host_and_port(relay.url)
        if address is None:
            raise RuntimeError(f"{relay.url}: a site without a host")
        if head.opens_tunnel:
            # WebSockets ask for a tunnel, also without encryption.
            writer.write(TUNNEL_OPEN)
            head = await _head(reader)
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            upstream = await asyncio.open_connection(*address, limit=MAX_HEAD_BYTES)
        await _exchange((reader, writer), upstream, relay.request(head), relay)

    async def _lead_out(self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = host_and_port(head.target)
        try:
            if address is None or self._fence.has(head.target):
                raise NotPublic(f"{head.target}: no address outside of the sites")
            upstream = await self._connect(*address)
        except NotPublic:
            self._fence.refuse(head.target)
            await _answer(writer, "403 Forbidden", REFUSAL_PAGE)
            return
        except (OSError, TimeoutError, UnicodeError):
            await _answer(writer, "502 Bad Gateway", NO_ANSWER_PAGE)
            return
        self._fence.visit(head.target)
        if head.opens_tunnel:
            writer.write(TUNNEL_OPEN)
            await _join((reader, writer), upstream)
        else:
            await _exchange((reader, writer), upstream, head.to_origin())


async def _head(reader: asyncio.StreamReader) -> Head:
    """Raises TimeoutError or an error of streams, also for what begins with encryption."""
    async with asyncio.timeout(HEAD_TIMEOUT_S):
        first = await reader.readexactly(1)
        if first == _TLS:
            raise asyncio.IncompleteReadError(first, None)
        return Head(first + await reader.readuntil(b"\r\n\r\n"))


async def _answer(writer: asyncio.StreamWriter, status: str, page: bytes) -> None:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nConnection: close\r\n"
        f"Content-Length: {len(page)}\r\n\r\n"
    )
    writer.write(head.encode() + page)
    await writer.drain()


async def _exchange(browser: Streams, site: Streams, request: bytes, relay: SiteRelay | None = None) -> None:
    """One request and its answer, each with its head changed and its body as it comes."""
    (reader, writer), (site_reader, site_writer) = browser, site
    sending = asyncio.create_task(_pour(reader, site_writer))
    try:
        site_writer.write(request)
        await site_writer.drain()
        while True:
            answer = Head(await site_reader.readuntil(b"\r\n\r\n"))
            writer.write(relay.answer(answer) if relay else answer.to_last())
            if not answer.is_interim:
                break
        await _pour(site_reader, writer)
    finally:
        sending.cancel()
        site_writer.close()


async def _join(one: Streams, other: Streams) -> None:
    """Everything from each to the other, until one of them ends."""
    pouring = [asyncio.create_task(_pour(one[0], other[1])), asyncio.create_task(_pour(other[0], one[1]))]
    try:
        await asyncio.wait(pouring, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in pouring:
            task.cancel()
        other[1].close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()

"""A server that nobody may reach: it counts every connection and every datagram, and answers what is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 6\r\n"
    b"Connection: close\r\n\r\nsecret"
)


class Trap(asyncio.DatagramProtocol):
    """`port` is for both kinds; `hits` has the first bytes of each, "" for a connection on which nothing came."""

    def __init__(self) -> None:
        self.port = 0
        self.hits: list[str] = []
        self.hit = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._note(data)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits.append("")
        self.hit.set()
        try:
            async with asyncio.timeout(5):
                self.hits[-1] = (await reader.read(200)).decode("latin-1")
                writer.write(ANSWER)
                await writer.drain()
        except (TimeoutError, OSError):
            return
        finally:
            writer.close()

    def _note(self, data: bytes) -> None:
        self.hits.append(data[:200].decode("latin-1"))
        self.hit.set()


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    made = Trap()
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: made, local_addr=("127.0.0.1", made.port))
    try:
        yield made
    finally:
        transport.close()
        server.close()

"""A server on loopback that speaks OpenAI's wire format, with faults to order."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """A reply to order: `cut` closes the connection in the middle of the body, `delay_s` answers late.

    With `drip_s` the body comes in pieces of some bytes with such a pause before each.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    drop: bool = False
    hang: bool = False
    delay_s: float = 0
    drip_s: float = 0


DROP = Reply(drop=True)
HANG = Reply(hang=True)


def echo(text: str, stop: Sequence[str] = ()) -> str:
    """What the fakes answer: the text they were asked, up to the first stop string."""
    said = f"echo: {text}"
    return said[: min((said.find(end) for end in stop if end in said), default=len(said))]


def error(status: int, message: str, *, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    return Reply(status, {"error": {"message": message, "type": "t", "param": None, **fields}}, headers or {})


def completion(text: str | None, **change: Any) -> dict[str, Any]:
    """The documented body of a chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35},
    } | change


@dataclass
class Server:
    """Answers chat requests with what `replies` holds, in turn, then with an echo of the last message."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "tiny", "object": "model"}])
    replies: deque[Reply] = field(default_factory=deque)
    routes: dict[str, Callable[[Any], Reply]] = field(default_factory=dict)
    key: str = ""
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def chats(self) -> list[Request]:
        return [request for request in self.requests if request.path == "/v1/chat/completions"]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what requests bring about as they come and end, such as a number in flight."""
        while not condition():
            self.moved.clear()
            await self.moved.wait()

    def answer(self, request: Request) -> Reply:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            sent = request.headers.get("authorization", "")
            return error(401, f"Incorrect API key provided: {sent}", code="invalid_api_key")
        if request.path in self.routes:
            return self.routes[request.path](request.body)
        if request.path == "/v1/models":
            return Reply(200, {"object": "list", "data": self.models})
        if request.path != "/v1/chat/completions":
            return Reply(404, {"detail": "Not Found"})
        if self.replies:
            return self.replies.popleft()
        if request.body["model"] not in [model["id"] for model in self.models]:
            return error(404, f"The model `{request.body['model']}` does not exist.", code=404)
        stop = request.body.get("stop") or ()
        return Reply(200, completion(echo(request.body["messages"][-1]["content"], stop)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        try:
            while request := await read_request(reader):
                self.requests.append(request)
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                self.moved.set()
                try:
                    keep = await self.respond(self.answer(request), reader, writer)
                finally:
                    self.in_flight -= 1
                    self.moved.set()
                if not keep:
                    return
        except ConnectionError:
            return
        finally:
            self.connections.discard(writer)
            writer.close()

    async def respond(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if reply.hang:
            over = [asyncio.ensure_future(wait) for wait in (self.released.wait(), reader.read(1))]
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
            for wait in over:
                wait.cancel()
            return False
        if reply.drop:
            return False
        await asyncio.sleep(reply.delay_s)
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        data = text.encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data))} | reply.headers
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        sent = data[: len(data) // 2] if reply.cut else data
        pieces = [sent[at : at + 16] for at in range(0, len(sent), 16)] if reply.drip_s else [sent]
        for piece in pieces:
            await asyncio.sleep(reply.drip_s)
            writer.write(piece)
            await writer.drain()
        return not reply.cut


AnyServer = TypeVar("AnyServer", bound=Server)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
    length = int(headers.get("content-length", 0))
    body = json.loads(await reader.readexactly(length)) if length else None
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body)


@asynccontextmanager
async def running(server: AnyServer) -> AsyncIterator[AnyServer]:
    """Listens; the end closes all connections at once, and a second time is a restart on the same port."""
    server.released.clear()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", server.port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.released.set()
        listener.close()
        for connection in list(server.connections):
            connection.transport.abort()
        await listener.wait_closed()

"""Requests to a model server: each ends within its time, and no reply is larger than can be read at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from webarena_runner.models.shared.retry import Transient, Unreachable
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S, is_local

# A reply of 30,000 tokens with ids and log-probabilities; reading it holds up the event loop for a tenth of a second.
MOST_BYTES = 8 * 2**20
# Below the 5 s after which uvicorn, and so most model servers, end idle connections: else a request meets the end.
KEEP_ALIVE_S = 3.0


@dataclass(frozen=True)
class HttpReply:
    """A whole reply of any status."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises Transient when it cannot be read."""
        return parse_json(self.text)


class HttpClient:
    """`headers` and `query` go with each request; paths are below `base_url`, or whole URLs."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"User-Agent": "webarena-runner", **(headers or {})},
            params=dict(query or {}),
            follow_redirects=True,
            # Loading certificates takes time, and without TLS they are of no use.
            verify=base_url.startswith("https:"),
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            # How many requests are under way is not decided here.
            limits=httpx.Limits(max_connections=None, keepalive_expiry=KEEP_ALIVE_S),
            # A proxy of the environment cannot reach servers on this machine.
            trust_env=not is_local(base_url),
        )

    async def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> HttpReply:
        """Raises Unreachable when no whole reply comes within the time, Transient when it has more than MOST_BYTES."""
        limit_s = min(self._timeout_s, timeout_s or self._timeout_s)
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        sent = {**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
        try:
            async with (
                asyncio.timeout(limit_s),
                self._client.stream(method, path, content=content, headers=sent) as response,
            ):
                return HttpReply(response.status_code, response.headers, await _read(response))
        except TimeoutError:
            raise Unreachable(f"no reply within {limit_s:g} s") from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unreachable(f"connection failed: {str(error) or type(error).__name__}") from None

    async def aclose(self) -> None:
        await self._client.aclose()


class LimitedStream(httpx.AsyncByteStream):
    """For clients of others, which read replies themselves: in place of a response's stream, it ends at MOST_BYTES."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MOST_BYTES:
                raise Transient(f"the reply is larger than {MOST_BYTES // 2**20} MiB")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise Transient(f"the reply (HTTP {response.status_code}) is larger than {MOST_BYTES // 2**20} MiB")
        parts.append(part)
    return b"".join(parts)


def parse_json(text: str) -> Any:
    """Raises Transient when it cannot be read, also for numbers of thousands of digits and bottomless lists."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Transient(f"the reply is not JSON: {error}") from None

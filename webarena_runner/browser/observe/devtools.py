"""A connection to one page's DevTools: our own websocket to Chromium, or Playwright's session as the fallback.

Playwright's driver parses and forwards every message, which makes large answers 3-5 times slower than on a connection
of our own. Both do the same; `connect` takes the direct one when it can.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import orjson
import websockets
from playwright.async_api import Browser, CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from websockets.asyncio.client import ClientConnection

from webarena_runner.errors import BrowserError

Handler = Callable[[dict[str, Any]], None]

log = logging.getLogger(__name__)
OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
PORT_READS = 250
PORT_PAUSE_S = 0.02


class ProtocolError(BrowserError):
    """DevTools refused a command, or the connection is gone."""


class DevTools(Protocol):
    @property
    def closed(self) -> bool:
        """Whether the connection has ended, as it does when the page closes or crashes."""
        ...

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Result of a command. Commands go out in the order of the calls, without waiting for each other."""
        ...

    def on(self, event: str, handler: Handler) -> None: ...

    async def aclose(self) -> None: ...


async def connect(page: Page, endpoint: str | None) -> tuple[DevTools, str]:
    """A connection to the page, and its target id; `endpoint` is `ws://HOST:PORT` (None: through Playwright).

    Raises:
        ProtocolError: the page is gone.
    """
    try:
        session = await page.context.new_cdp_session(page)
        target_id: str = (await session.send("Target.getTargetInfo"))["targetInfo"]["targetId"]
        if endpoint is not None:
            try:
                direct = await DirectDevTools.open(f"{endpoint}/devtools/page/{target_id}")
            except (OSError, websockets.WebSocketException, TimeoutError) as error:
                log.warning("no DevTools connection of our own (%s); going through Playwright, which is slower", error)
            else:
                await session.detach()
                return direct, target_id
    except PlaywrightError as error:
        raise ProtocolError(f"cannot attach to the page {page.url}: {error.message}") from error
    return PlaywrightDevTools(session), target_id


async def find_endpoint(browser: Browser) -> tuple[str, str] | None:
    """`ws://127.0.0.1:PORT`, and the path below it that is the browser's own.

    Of a Chromium started with --remote-debugging-port=0 and --enable-automation.
    """
    session = await browser.new_browser_cdp_session()
    try:
        arguments = (await session.send("Browser.getBrowserCommandLine"))["arguments"]
    except PlaywrightError as error:
        log.warning("cannot ask Chromium for its profile folder: %s", error.message)
        return None
    finally:
        await session.detach()
    folder = next((value.partition("=")[2] for value in arguments if value.startswith("--user-data-dir=")), None)
    if folder is None:
        return None
    written = Path(folder) / "DevToolsActivePort"
    # Nothing but the file's existence shows that Chromium has written it.
    for _ in range(PORT_READS):
        port, _, path = (await asyncio.to_thread(_text_of, written)).partition("\n")
        if path:
            return f"ws://127.0.0.1:{port}", path.strip()
        await asyncio.sleep(PORT_PAUSE_S)
    log.warning("Chromium wrote no DevTools port to %s within %g s", written, PORT_READS * PORT_PAUSE_S)
    return None


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


class DirectDevTools:
    """One websocket to one page; a reader task gives answers to their callers and events to their handlers."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._handlers: defaultdict[str, list[Handler]] = defaultdict(list)
        self._closed = False
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str) -> "DirectDevTools":
        connection = await websockets.connect(
            url,
            compression=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
        )
        return cls(connection)

    @property
    def closed(self) -> bool:
        return self._closed

    def on(self, event: str, handler: Handler) -> None:
        self._handlers[event].append(handler)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        if self._closed:
            raise ProtocolError(f"{method}: the DevTools connection is closed: the page or the browser is gone")
        self._last_id += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = answer
        message = orjson.dumps({"id": self._last_id, "method": method, "params": params or {}})
        try:
            await self._connection.send(message, text=True)
        except websockets.ConnectionClosed as error:
            raise ProtocolError(f"{method}: the DevTools connection is closed") from error
        reply = await answer
        if "error" in reply:
            raise ProtocolError(f"{method}: {reply['error'].get('message', reply['error'])}")
        return reply["result"]

    async def until_closed(self, limit_s: float) -> bool:
        """Waits that long at most; whether the connection has ended."""
        await asyncio.wait([self._reader], timeout=limit_s)
        return self._closed

    async def aclose(self) -> None:
        self._reader.cancel()
        await asyncio.wait([self._reader])
        await self._connection.close()

    async def _read(self) -> None:
        try:
            while True:
                # As bytes: decoding megabytes only for the parser to encode them again would cost as much as parsing.
                self._dispatch(parse_json(await self._connection.recv(decode=False)))
        except websockets.ConnectionClosed as error:
            log.debug("DevTools connection closed: %s", error)
        finally:
            self._closed = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_result({"error": {"message": "the DevTools connection was closed before the answer"}})
            self._waiting.clear()

    def _dispatch(self, message: dict[str, Any]) -> None:
        answer = self._waiting.pop(message["id"], None) if "id" in message else None
        if answer is not None and not answer.done():
            answer.set_result(message)
        for handler in self._handlers.get(message.get("method", ""), ()):
            handler(message["params"])


def parse_json(message: str | bytes) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = orjson.loads(message)
    except orjson.JSONDecodeError:
        # Text of a page may hold half a surrogate pair, which orjson refuses.
        parsed = json.loads(message)
    return parsed


class PlaywrightDevTools:
    """The same commands through Playwright's own connection."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._closed = False
        session.on("close", self._on_close)

    @property
    def closed(self) -> bool:
        return self._closed

    def on(self, event: str, handler: Handler) -> None:
        self._session.on(event, handler)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        try:
            return await self._session.send(method, params or {})
        except PlaywrightError as error:
            raise ProtocolError(f"{method}: {error.message}") from error

    def _on_close(self, session: CDPSession) -> None:
        self._closed = True

    async def aclose(self) -> None:
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._session.detach()
        except (PlaywrightError, TimeoutError) as error:
            log.debug("detaching from a page that is gone: %s", error)

"""The network log that goes to disk as it happens: a HAR entry for each exchange as soon as that has ended."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from playwright.async_api import BrowserContext, Page, Request, Response, WebSocket
from playwright.async_api import Error as PlaywrightError

from webarena_runner.browser.failures import first_line
from webarena_runner.browser.record.entries import Answered, Asked, as_headers, entry_of, header_of, is_text
from webarena_runner.browser.record.scrub import Scrubber
from webarena_runner.browser.trace import NetworkTrace
from webarena_runner.log.har import HarFile

log = logging.getLogger(__name__)
# All that a score may hang on; of the others the browser's first say of their headers will do, which costs nothing.
_WHOLE = frozenset({"document", "xhr", "fetch", "other", "eventsource", "ping"})
_CLOSE_LIMIT_S = 3.0
UNFINISHED = "not finished when the recording ended"
REDIRECTS = range(300, 400)


def _may_score(request: Request) -> bool:
    return request.resource_type == "document" or request.method != "GET"


class HarTrace(NetworkTrace):
    """Writes to `file`, and closes it; `max_body_bytes` 0: without the bodies of answers."""

    def __init__(self, context: BrowserContext, file: HarFile, scrubber: Scrubber, *, max_body_bytes: int = 0) -> None:
        super().__init__(context)
        self._context = context
        self._file: HarFile | None = file
        self._scrubber = scrubber
        self._max_body_bytes = max_body_bytes
        self._under_way: dict[Request, datetime] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._put_one = asyncio.Event()
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)
        context.on("page", self._opened)

    async def aclose(self) -> None:
        """Lets pages arrive that are on their way, and what was sent be answered; writes the rest as it is."""
        try:
            await self._await_answers([request for request in self._under_way if _may_score(request)])
        finally:
            self._stop_listening()
        try:
            # What has an answer has headers, of which the browser's first say lacks some that scores hang on.
            for request in [each for each in self._under_way if _may_score(each) and each in self._responses]:
                self._ended(request)
            if self._writing:
                await asyncio.wait(self._writing, timeout=_CLOSE_LIMIT_S)
        finally:
            for task in list(self._writing):
                task.cancel()
            for request in list(self._under_way):
                self._put(request, self._asked_of(request), self._answered_of(request, failure=UNFINISHED))
            self._close()

    async def _await_answers(self, wanted: list[Request]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                while any(request in self._under_way for request in wanted):
                    self._put_one.clear()
                    await self._put_one.wait()

    def _stop_listening(self) -> None:
        for event, listener in (
            ("request", self._asked),
            ("response", self._answered),
            ("requestfinished", self._ended),
            ("requestfailed", self._ended),
            ("page", self._opened),
        ):
            self._context.remove_listener(event, listener)

    def _asked(self, request: Request) -> None:
        super()._asked(request)
        self._under_way[request] = datetime.now(UTC)

    def _ended(self, request: Request) -> None:
        if request in self._under_way:
            task = asyncio.create_task(self._write(request))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, request: Request) -> None:
        if request not in self._under_way:
            return
        asked, answered = self._asked_of(request), self._answered_of(request, failure=request.failure or "")
        response = self._responses.get(request)
        try:
            if request.resource_type in _WHOLE:
                asked = self._asked_of(request, await request.all_headers())
                if response is not None:
                    whole = await response.headers_array()
                    headers = [{"name": header["name"], "value": header["value"]} for header in whole]
                    body = await self._body(response)
                    answered = self._answered_of(request, failure=answered.failure, headers=headers, body=body)
        except PlaywrightError as error:
            log.debug("%s: not all of its headers are recorded: %s", request.url, first_line(error))
        if request in self._under_way:
            self._put(request, asked, answered)

    async def _body(self, response: Response) -> bytes | None:
        """None where it is not asked for, is no text, or is more than is to be kept."""
        length = header_of(as_headers(response.headers), "content-length")
        too_long = length.isdecimal() and int(length) > self._max_body_bytes
        if not self._max_body_bytes or too_long or response.status in REDIRECTS:
            return None
        if not is_text(response.headers.get("content-type", "")):
            return None
        try:
            body = await response.body()
        except PlaywrightError as error:
            log.debug("%s: its body is not recorded: %s", response.url, first_line(error))
            return None
        return body if len(body) <= self._max_body_bytes else None

    def _asked_of(self, request: Request, headers: dict[str, str] | None = None) -> Asked:
        return Asked(
            method=request.method,
            url=request.url,
            resource=request.resource_type,
            headers=as_headers(request.headers if headers is None else headers),
            body=request.post_data_buffer,
            began=self._under_way[request],
        )

    def _answered_of(
        self,
        request: Request,
        *,
        failure: str,
        headers: list[dict[str, str]] | None = None,
        body: bytes | None = None,
    ) -> Answered:
        response = self._responses.get(request)
        if response is None:
            return Answered(failure=failure or UNFINISHED)
        return Answered(
            status=response.status,
            status_text=response.status_text,
            headers=as_headers(response.headers) if headers is None else headers,
            body=body,
            failure=failure,
            from_worker=response.from_service_worker,
        )

    def _put(self, request: Request, asked: Asked, answered: Answered) -> None:
        del self._under_way[request]
        self._put_one.set()
        self._add(asked, answered, cast(dict[str, float], request.timing))

    def _opened(self, page: Page) -> None:
        page.on("websocket", self._connected)

    def _connected(self, socket: WebSocket) -> None:
        """Its messages are not recorded; the address says what the page talked to."""
        asked = Asked("GET", socket.url, "websocket", [], None, datetime.now(UTC))
        self._add(asked, Answered(status=101, status_text="Switching Protocols"), {})

    def _add(self, asked: Asked, answered: Answered, timing: dict[str, float]) -> None:
        if self._file is None:
            return
        try:
            self._file.add(entry_of(asked, answered, timing, self._scrubber))
        except OSError as error:
            log.warning("the HAR ends here, since it cannot be written: %s", error.strerror)
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

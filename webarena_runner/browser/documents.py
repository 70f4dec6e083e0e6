"""What became of a tab's main documents: who answered with which status, or why nobody did."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.browser.observe.devtools import DevTools
from webarena_runner.interfaces.watching import Document

FIRST_LIMIT_S = 2.0
# What lies between two drainings is bounded, since a page can navigate as often as it likes.
MAX_KEPT = 50
ERROR_STATUS = 400
TIMED_OUT = "no answer within the limit of a navigation"


_SIGNS_OUT = re.compile(r"[/=]\w*(log|sign)[-_]?(out|off)", re.IGNORECASE)
# Changes of an account, for some of which sites end its sessions.
_CHANGES_ACCOUNT = re.compile(r"passwor?d|account|profile|user", re.IGNORECASE)


class Documents:
    """Follows one tab by DevTools events; `main_frame` gives the id of its frame at this moment.

    `may_end_session`: a page asked for an address by which people sign out, or sent a change of an account.
    """

    def __init__(self, tools: DevTools, main_frame: Callable[[], str]) -> None:
        self.latest: Document | None = None
        self._main_frame = main_frame
        self.may_end_session = False
        self._asked: dict[str, tuple[str, float]] = {}
        self._first: dict[str, str] = {}
        self._arriving: dict[str, Document] = {}
        self._new: list[Document] = []
        self._known = asyncio.Event()
        tools.on("Network.requestWillBeSent", self._sent)
        tools.on("Network.responseReceived", self._answered)
        tools.on("Network.loadingFinished", self._finished)
        tools.on("Network.loadingFailed", self._failed)

    async def first(self) -> Document | None:
        """That of a tab which is new, as soon as it is known; None when that takes too long."""
        try:
            async with asyncio.timeout(FIRST_LIMIT_S):
                await self._known.wait()
        except TimeoutError:
            return None
        return self.latest

    def take(self) -> list[Document]:
        """Those since the last call, the oldest first."""
        taken, self._new = self._new, []
        return taken

    def give_up(self) -> None:
        """A navigation is ended because its document did not come; without one under way this does nothing."""
        if self._asked:
            url, _ = next(reversed(self._asked.values()))
            self._saw(Document(url, error=TIMED_OUT))
        self._asked.clear()

    def _sent(self, event: dict[str, Any]) -> None:
        url, changes = event["request"]["url"], event["request"]["method"] not in ("GET", "HEAD")
        if _SIGNS_OUT.search(url) or (changes and _CHANGES_ACCOUNT.search(urlsplit(url).path)):
            self.may_end_session = True
        if event.get("type") == "Document" and event.get("frameId") == self._main_frame():
            self._first.setdefault(event["requestId"], event["request"]["url"])
            # The same request again after a redirect.
            _, began = self._asked.get(event["requestId"], ("", event["timestamp"]))
            self._asked[event["requestId"]] = event["request"]["url"], began

    def _answered(self, event: dict[str, Any]) -> None:
        if event.get("type") != "Document" or event.get("frameId") != self._main_frame():
            return
        response = event["response"]
        cached = bool(response.get("fromDiskCache") or response.get("fromServiceWorker"))
        _, began = self._asked.pop(event["requestId"], ("", event["timestamp"]))
        latency_s = event["timestamp"] - began
        first = self._first.pop(event["requestId"], response["url"])
        document = Document(
            response["url"],
            int(response["status"]),
            cached=cached,
            latency_s=latency_s,
            sent_from=first if first != response["url"] else "",
        )
        self._arriving[event["requestId"]] = document
        self._saw(document)

    def _finished(self, event: dict[str, Any]) -> None:
        self._asked.pop(event["requestId"], None)
        self._arriving.pop(event["requestId"], None)

    def _failed(self, event: dict[str, Any]) -> None:
        asked = self._asked.pop(event["requestId"], None)
        self._first.pop(event["requestId"], None)
        answered = self._arriving.pop(event["requestId"], None)
        if event.get("canceled"):
            return
        error = str(event.get("errorText", ""))
        if asked is not None:
            self._saw(Document(asked[0], error=error))
        elif answered is not None and answered.status < ERROR_STATUS:
            # The answer has broken off; Chromium also says so of an error without a body, where the status tells more.
            self._saw(Document(answered.url, error=error))

    def _saw(self, document: Document) -> None:
        self.latest = document
        self._new.append(document)
        del self._new[:-MAX_KEPT]
        self._known.set()

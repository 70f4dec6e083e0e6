"""What a tab's pages asked for besides main documents and did not get: data, scripts, frames, pictures."""

from collections.abc import Callable
from typing import Any

from webarena_runner.browser.observe.devtools import DevTools
from webarena_runner.interfaces.watching import Document

# Without them a page lacks what an agent would read or use; frames are documents too.
NEEDED = frozenset({"XHR", "Fetch", "Script", "Document"})
FOLLOWED = NEEDED | {"Stylesheet", "Image", "Font"}
SERVER_ERROR = 500
# Pages ask for as much as they like.
MAX_ASKED, MAX_KEPT = 1000, 50


class Parts:
    """Follows one tab by DevTools events; what came is forgotten."""

    def __init__(self, tools: DevTools, main_frame: Callable[[], str]) -> None:
        self._main_frame = main_frame
        self._asked: dict[str, str] = {}
        self._failed: list[tuple[Document, bool]] = []
        tools.on("Network.requestWillBeSent", self._sent)
        tools.on("Network.responseReceived", self._answered)
        tools.on("Network.loadingFailed", self._lost)

    def take(self) -> list[tuple[Document, bool]]:
        """Those that failed since the last call, and whether a page needs each."""
        taken, self._failed = self._failed, []
        return taken

    def _sent(self, event: dict[str, Any]) -> None:
        if not self._follows(event):
            return
        self._asked[event["requestId"]] = event["request"]["url"]
        if len(self._asked) > MAX_ASKED:
            del self._asked[next(iter(self._asked))]

    def _answered(self, event: dict[str, Any]) -> None:
        if self._asked.pop(event["requestId"], None) is None:
            return
        response = event["response"]
        if response["status"] >= SERVER_ERROR:
            self._saw(Document(response["url"], int(response["status"])), event)

    def _lost(self, event: dict[str, Any]) -> None:
        url = self._asked.pop(event["requestId"], None)
        if url is not None and not event.get("canceled"):
            self._saw(Document(url, error=str(event.get("errorText", ""))), event)

    def _follows(self, event: dict[str, Any]) -> bool:
        kind = event.get("type")
        return kind in FOLLOWED and (kind != "Document" or event.get("frameId") != self._main_frame())

    def _saw(self, document: Document, event: dict[str, Any]) -> None:
        self._failed.append((document, event.get("type") in NEEDED))
        del self._failed[:-MAX_KEPT]

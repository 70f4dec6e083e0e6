"""What a tab is busy with, from DevTools events: navigations and requests in flight."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.browser.observe.devtools import DevTools

# Connections that stay open by design, and what nobody waits for.
UNTRACKED = frozenset({"WebSocket", "EventSource", "Ping", "CSPViolationReport", "Prefetch", "Media"})
SAME_DOCUMENT = frozenset({"sameDocument", "historySameDocument"})
# Chromium keeps bodies for readers of this connection; nobody reads them.
NO_BODIES = {"maxTotalBufferSize": 1, "maxResourceBufferSize": 1, "maxPostDataSize": 0}


class Activity:
    """Follows one page.

    `generation` grows with every request or navigation that starts, `windows` with every window that the page opens.
    `replacing` is true from the start of a navigation until the new document is there; Chromium keeps most commands
    waiting for that long.
    """

    def __init__(self, tools: DevTools, frame_id: str) -> None:
        self.main_frame = frame_id
        self.generation = 0
        self.windows = 0
        self.replacing = False
        self._tools = tools
        self._changed = asyncio.Event()
        self._navigating: set[str] = set()
        self._loading: set[str] = set()
        self._requests: dict[str, tuple[str, str]] = {}
        for event, handler in (
            ("Page.frameScheduledNavigation", self._scheduled),
            ("Page.frameClearedScheduledNavigation", self._cleared),
            ("Page.frameRequestedNavigation", self._requested),
            ("Page.frameStartedNavigating", self._replaces),
            ("Page.frameStartedLoading", self._started),
            ("Page.frameStoppedLoading", self._stopped),
            ("Page.frameNavigated", self._navigated),
            ("Page.frameDetached", self._stopped),
            ("Page.windowOpen", self._window),
            ("Network.requestWillBeSent", self._sent),
            ("Network.loadingFinished", self._finished),
            ("Network.loadingFailed", self._finished),
        ):
            tools.on(event, handler)

    async def start(self) -> None:
        await asyncio.gather(self._tools.send("Page.enable"), self._tools.send("Network.enable", NO_BODIES))

    def busy(self, ignored: frozenset[str] = frozenset()) -> list[str]:
        """What is under way: `navigation`, or `request HOST/PATH` unless ignored."""
        requests = {name for _, name in self._requests.values()} - ignored
        return [*(["navigation"] if self._loading or self._navigating else []), *sorted(requests)]

    async def changes(self) -> None:
        """Returns at the next event."""
        self._changed.clear()
        await self._changed.wait()

    def _scheduled(self, event: dict[str, Any]) -> None:
        if not event.get("delay"):
            self._navigating.add(event["frameId"])
        self._happened(starts=True)

    def _requested(self, event: dict[str, Any]) -> None:
        self._happened(starts=event.get("disposition") == "currentTab")

    def _cleared(self, event: dict[str, Any]) -> None:
        self._navigating.discard(event["frameId"])
        self._happened()

    def _started(self, event: dict[str, Any]) -> None:
        self._loading.add(event["frameId"])
        self._happened(starts=True)

    def _stopped(self, event: dict[str, Any]) -> None:
        self._loading.discard(event["frameId"])
        self._navigating.discard(event["frameId"])
        if event["frameId"] == self.main_frame:
            self.replacing = False
        self._happened()

    def _replaces(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.main_frame and event["navigationType"] not in SAME_DOCUMENT:
            self.replacing = True
        self._happened(starts=True)

    def _window(self, event: dict[str, Any]) -> None:
        self.windows += 1
        self._happened(starts=True)

    def _navigated(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if "parentId" not in frame:
            self.main_frame = frame["id"]
            self.replacing = False
            # The old document's requests end without an event when its process goes away.
            self._requests = {key: entry for key, entry in self._requests.items() if entry[0] == frame["loaderId"]}
            self._loading &= {frame["id"]}
            self._navigating.clear()
        self._happened(starts=True)

    def _sent(self, event: dict[str, Any]) -> None:
        parts = urlsplit(event["request"]["url"])
        if event.get("type") in UNTRACKED or parts.scheme not in {"http", "https"} or parts.path == "/favicon.ico":
            return
        self._requests[event["requestId"]] = (event["loaderId"], f"request {parts.netloc}{parts.path}")
        self._happened(starts=True)

    def _finished(self, event: dict[str, Any]) -> None:
        if self._requests.pop(event["requestId"], None):
            self._happened()

    def _happened(self, *, starts: bool = False) -> None:
        self.generation += starts
        self._changed.set()

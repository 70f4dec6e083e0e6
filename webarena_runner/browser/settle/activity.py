"""What a tab is busy with, from DevTools events: navigations, requests in flight, connections to the site."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.browser.observe.devtools import DevTools

# Connections that stay open by design, and what nobody waits for.
UNTRACKED = frozenset({"WebSocket", "EventSource", "Ping", "CSPViolationReport", "Prefetch", "Media"})
SAME_DOCUMENT = frozenset({"sameDocument", "historySameDocument"})
# Chromium keeps bodies for readers of this connection; nobody reads them.
NO_BODIES = {"maxTotalBufferSize": 1, "maxResourceBufferSize": 1, "maxPostDataSize": 0}
# A request that is made so often within one wait, and still at the end of it, is a poll.
POLL_STARTS = 5
# Names go into every step of the log.
MAX_NAME_CHARACTERS = 300


@dataclass(frozen=True)
class _Request:
    loader_id: str
    name: str
    started: float


@dataclass
class Channel:
    """A partner that answers when it likes: a connection or a worker; times of the loop's clock."""

    name: str
    opened: float
    asked: float
    heard: float | None = None

    def question(self, acted: float, last_request: float = 0.0) -> "Channel":
        """What it may be answering now, under a name of its own.

        Silence after it was opened says nothing about silence when the action asks it, or asks the site.
        """
        # How long a partner takes is learned by name: three situations with times of their own need three names.
        if self.opened >= acted:
            return self
        if self.asked >= acted or last_request < acted:
            return replace(self, name=f"{self.name}, asked")
        return replace(self, name=f"{self.name}, after a request", asked=last_request)


class Activity:
    """Follows one page.

    `generation` grows with every request or navigation that starts, `windows` with every window that the page opens.
    `replacing` is true from the start of a navigation until the new document is there; Chromium keeps most commands
    waiting for that long. After that, while it comes in, `arriving` is true. `url` is the main frame's, "" until it
    navigates. `quickest` is the shortest time that a finished request of a name took, in s; `acted` is when the agent
    last began an action, by the loop's clock.
    """

    def __init__(self, tools: DevTools, frame_id: str) -> None:
        self.main_frame = frame_id
        self.url = ""
        self.generation = 0
        self.windows = 0
        self.replacing = False
        self.quickest: dict[str, float] = {}
        self._tools = tools
        self._changed = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self.acted = self._clock()
        self._starts: Counter[str] = Counter()
        self._last_request = self.acted
        self._document = ""
        self._navigating: set[str] = set()
        self._refreshes: dict[str, float] = {}
        self._loading: set[str] = set()
        self._requests: dict[str, _Request] = {}
        self._channels: dict[str, Channel] = {}
        for event, handler in (
            ("Page.frameScheduledNavigation", self._scheduled),
            ("Page.frameClearedScheduledNavigation", self._cleared),
            ("Page.frameRequestedNavigation", self._requested),
            ("Page.frameStartedNavigating", self._replaces),
            ("Page.frameStartedLoading", self._started),
            ("Page.frameStoppedLoading", self._stopped),
            ("Page.frameNavigated", self._navigated),
            ("Page.navigatedWithinDocument", self._moved),
            ("Page.frameDetached", self._stopped),
            ("Page.windowOpen", self._window),
            ("Network.requestWillBeSent", self._sent),
            ("Network.loadingFinished", self._finished),
            ("Network.loadingFailed", self._finished),
            ("Network.webSocketCreated", self._opened),
            ("Network.webSocketClosed", self._finished),
            ("Network.webSocketFrameSent", self._asked),
            ("Network.webSocketFrameReceived", self._heard),
            ("Network.eventSourceMessageReceived", self._heard),
        ):
            tools.on(event, handler)

    async def start(self) -> None:
        await asyncio.gather(self._tools.send("Page.enable"), self._tools.send("Network.enable", NO_BODIES))

    @property
    def arriving(self) -> bool:
        """Whether the main frame's document is there and has not ended."""
        return self._document in self._requests

    def begin_action(self) -> None:
        """What starts from now on may have been caused by the agent."""
        self.acted = self._clock()
        self._starts.clear()

    def busy(self, ignored: frozenset[str] = frozenset(), until: float = 0.0) -> list[str]:
        """What is under way: `navigation`, `refresh` when one is due by `until`, or `request HOST/PATH`."""
        found = ["navigation"] if self._loading or self._navigating else []
        if "refresh" not in ignored and any(due <= until for due in self._refreshes.values()):
            found.append("refresh")
        return [*found, *sorted({request.name for request in self._requests.values()} - ignored)]

    # A request that does not end is given up by its name, not by its id: a page that polls makes a new one each time.
    # But the agent's action may start one of the same name that does end, so the past alone does not decide.
    def stale(self, restless: frozenset[str], limit_s: float) -> frozenset[str]:
        """Those of the requests that once did not end which are no answer to the action now either.

        They were under way before it, have never ended within the limit, or are a poll's.
        """
        before = {request.name for request in self._requests.values() if request.started < self.acted}
        return frozenset(
            name
            for name in restless
            if name.startswith("request ")
            and (name in before or f"poll {name}" in restless or self.quickest.get(name, limit_s) >= limit_s)
        )

    def polls(self) -> list[str]:
        return [f"poll {name}" for name, starts in self._starts.items() if starts >= POLL_STARTS]

    def channels(self) -> list[Channel]:
        """Connections that the site may answer on, also to requests."""
        return [channel.question(self.acted, self._last_request) for channel in self._channels.values()]

    async def changes(self) -> None:
        """Returns at the next event."""
        self._changed.clear()
        await self._changed.wait()

    # A navigation shows itself by several events, which come in no fixed order and not all each time. Each handler
    # notes what its event alone is sure of; what a new document ends is cleared when it is there.
    def _scheduled(self, event: dict[str, Any]) -> None:
        if delay_s := event.get("delay"):
            self._refreshes[event["frameId"]] = self._clock() + delay_s
        else:
            self._navigating.add(event["frameId"])
        self._happened(starts=True)

    def _requested(self, event: dict[str, Any]) -> None:
        self._happened(starts=event.get("disposition") == "currentTab")

    def _cleared(self, event: dict[str, Any]) -> None:
        self._navigating.discard(event["frameId"])
        self._refreshes.pop(event["frameId"], None)
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
            self.url = frame["url"] + frame.get("urlFragment", "")
            self.replacing = False
            # The old document's requests end without an event when its process goes away.
            self._requests = {
                key: request for key, request in self._requests.items() if request.loader_id == frame["loaderId"]
            }
            self._channels.clear()
            self._loading &= {frame["id"]}
            self._navigating.clear()
            self._refreshes.clear()
        self._happened(starts=True)

    def _moved(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.main_frame:
            self.url = event["url"]
        self._happened()

    def _sent(self, event: dict[str, Any]) -> None:
        if event.get("type") == "EventSource":
            self._opened({**event, "url": event["request"]["url"]})
        parts = urlsplit(event["request"]["url"])
        if event.get("type") in UNTRACKED or parts.scheme not in {"http", "https"} or parts.path == "/favicon.ico":
            return
        if event.get("type") == "Document" and event.get("frameId") == self.main_frame:
            self._document = event["requestId"]
        request = _Request(event["loaderId"], _name("request", event["request"]["url"]), self._clock())
        self._requests[event["requestId"]] = request
        self._starts[request.name] += 1
        self._last_request = request.started
        self._happened(starts=True)

    def _finished(self, event: dict[str, Any]) -> None:
        self._channels.pop(event["requestId"], None)
        if request := self._requests.pop(event["requestId"], None):
            spent_s = self._clock() - request.started
            self.quickest[request.name] = min(spent_s, self.quickest.get(request.name, spent_s))
        self._happened()

    def _opened(self, event: dict[str, Any]) -> None:
        now = self._clock()
        self._channels[event["requestId"]] = Channel(_name("connection", event["url"]), now, now)
        self._happened(starts=True)

    def _asked(self, event: dict[str, Any]) -> None:
        if channel := self._channels.get(event["requestId"]):
            channel.asked = self._clock()
        self._happened(starts=True)

    def _heard(self, event: dict[str, Any]) -> None:
        if channel := self._channels.get(event["requestId"]):
            channel.heard = self._clock()
        self._happened(starts=True)

    def _happened(self, *, starts: bool = False) -> None:
        self.generation += starts
        self._changed.set()


def _name(kind: str, url: str) -> str:
    parts = urlsplit(url)
    return f"{kind} {parts.netloc}{parts.path}"[:MAX_NAME_CHARACTERS]

"""Waiting until a page is quiet: no navigation, no request in flight, no callback due soon, no change of the page."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from webarena_runner.browser.observe.capture import isolated_world
from webarena_runner.browser.observe.devtools import DevTools, ProtocolError
from webarena_runner.browser.settle.activity import Activity, Channel
from webarena_runner.browser.settle.allowance import Allowance
from webarena_runner.browser.settle.scripts import PENDING, STILL, TIMERS
from webarena_runner.browser.strain import Strain
from webarena_runner.settings.records import SettleSettings

OFFICIAL_SLEEP_S = 2.0
# A change of the document may be one of several: this long without another one is quiet.
QUIET_MS = 50
# The page's own limit ends so much earlier, for its answer to be in time; one that is late is still waited for so long.
ANSWER_MS = 20
ANSWER_LATE_S = 0.1
NO_ANSWER = "page: no answer"
# A worker is asked in the page; this often, to hear of its end.
ASK_AGAIN_MS = 100
# Who once answered after a time is waited for a little longer than that.
LATER = 1.5
LATER_S = 0.1
# Known by their own names on all pages of a site; other reasons belong to one page.
NAMED = ("timer ", "frame ", "idle ", "body ", "request ", "poll ")
LEARNED = ("changes", "animation", "refresh")
# What goes on at the limit is taken for endless only where the page had most of the time for itself.
MOST_LOST = 0.25


@dataclass(frozen=True)
class Settled:
    """`unfinished` went on at the limit; `ignored` was there too, but known never to end.

    `starved`: the page has not had the time of the limit, since the machine was too busy.
    """

    unfinished: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    starved: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether anything in the page went on when the wait for it ended."""
        return bool(self.unfinished or self.ignored)


@dataclass
class Settler:
    """Waits for one episode's tabs; remembers what never ends on a page, so as to wait for it once only.

    `secret` is the name under which the init script answers; the same for all tabs. Time of a wait that `strain` calls
    lost is added to it, up to `longest_s` in all.
    """

    settings: SettleSettings
    secret: str
    strain: Strain
    longest_s: float
    _endless: set[str] = field(default_factory=set)
    _restless: dict[str, frozenset[str]] = field(default_factory=dict)
    _answers_after_s: dict[str, float] = field(default_factory=dict)

    @property
    def init_script(self) -> str:
        return TIMERS % _js(self.secret)

    async def settle(self, tools: DevTools, activity: Activity, url: str) -> Settled:
        """Returns when the page is quiet, or gone, or at the limit."""
        if self.settings.mode == "official":
            return await self._sleep()
        site, page = urlsplit(url).netloc, _page_of(url)
        restless = self._restless.get(site, frozenset()) | self._restless.get(page, frozenset())
        requests = frozenset(name for name in restless if name.startswith("request "))
        ignored = (restless - requests) | activity.stale(restless, self.settings.limit_s)
        allowance = Allowance(self.strain, self.settings.limit_s, self.longest_s)
        wait = _Wait(tools, activity, self.secret, allowance, ignored, self._answers_after_s)
        unfinished = await wait.until_quiet()
        if allowance.lost_share > MOST_LOST:
            return Settled(tuple(unfinished), tuple(sorted(wait.skipped)), bool(unfinished) and allowance.was_cut)
        polls = activity.polls() if unfinished else []
        # A page that does not answer is not asked again.
        repeating = [] if NO_ANSWER in unfinished else await wait.repeating()
        # What held up this wait for nothing is not waited for again, or each step on such a page would take the limit.
        for name in (*unfinished, *polls, *repeating):
            if name.startswith(NAMED) or name in LEARNED:
                where = site if name.startswith(NAMED) else page
                self._restless[where] = self._restless.get(where, frozenset()) | {name}
        for name, after_s in wait.answers().items():
            self._answers_after_s[name] = max(after_s, self._answers_after_s.get(name, 0.0))
        return Settled(tuple(unfinished), tuple(sorted(wait.skipped)))

    def gives_up(self, url: str) -> None:
        """The document of this page has no end: it is not waited for again."""
        self._endless.add(_page_of(url))

    def awaits_end(self, url: str) -> bool:
        return _page_of(url) not in self._endless

    async def _sleep(self) -> Settled:
        allowance = Allowance(self.strain, OFFICIAL_SLEEP_S, self.longest_s)
        await allowance.spent()
        return Settled(starved=allowance.was_cut)


class _Wait:
    """One wait on one tab, with what it has seen."""

    def __init__(
        self,
        tools: DevTools,
        activity: Activity,
        secret: str,
        allowance: Allowance,
        ignored: frozenset[str],
        answers_after_s: dict[str, float],
    ) -> None:
        self.ignored = ignored
        self.skipped: set[str] = set()
        self._tools = tools
        self._activity = activity
        self._secret = _js(secret)
        self._allowance = allowance
        self._limit_s = allowance.limit_s
        self._answers_after_s = answers_after_s
        self._clock = asyncio.get_running_loop().time
        self._awaited: set[str] = set()
        self._workers: list[Channel] = []
        self._silent = ""

    async def until_quiet(self) -> list[str]:
        """What went on at the limit; nothing when it was quiet before."""
        while (unfinished := await self._until_limit()) and self._allowance.extend():
            pass
        return unfinished

    async def _until_limit(self) -> list[str]:
        try:
            # DevTools shows requests and navigations, the page itself its callbacks and changes, and each may start
            # the other: it is quiet when both say so and nothing began in between.
            while True:
                async with asyncio.timeout_at(self._allowance.end):
                    await self._idle()
                generation = self._activity.generation
                async with asyncio.timeout_at(self._allowance.end + ANSWER_LATE_S):
                    more, unfinished = await self._still()
                if unfinished:
                    return unfinished
                if generation == self._activity.generation and not self._busy() and not more:
                    return []
        except TimeoutError:
            return self._busy() or [self._silent or NO_ANSWER]

    async def repeating(self) -> list[str]:
        """Callbacks that were waited for, came, and are set again: they will go on."""
        if not self._awaited:
            return []
        try:
            async with asyncio.timeout(self._limit_s):
                pending = await self._pending(self._limit_s)
        except (ProtocolError, TimeoutError):
            return []
        return [name for name in pending["awaited"] if name in self._awaited]

    def answers(self) -> dict[str, float]:
        """How long after the last question each partner was heard, in s; 0 for one that kept silent."""
        found: dict[str, float] = {}
        for channel in (*self._activity.channels(), *self._workers):
            after_s = 0.0 if channel.heard is None else channel.heard - channel.asked
            found[channel.name] = max(found.get(channel.name, 0.0), after_s if 0 < after_s <= self._limit_s else 0.0)
        return found

    async def _idle(self) -> None:
        """Waits for navigations and requests, then for those that may still answer."""
        while True:
            if self._busy():
                await self._activity.changes()
                continue
            channel = max(self._activity.channels(), key=self._answers_by, default=None)
            if channel is None or self._answers_by(channel) <= self._clock():
                self._silent = ""
                return
            self._silent = channel.name
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._answers_by(channel)):
                    await self._activity.changes()

    async def _still(self) -> tuple[bool, list[str]]:
        """Waits inside the page: whether it has more to do, and what went on at the limit."""
        try:
            hold_ms = await self._hold_ms()
            unfinished = await self._evaluate(
                STILL
                % _js(
                    {
                        "limit": max(0.0, 1000 * self._allowance.rest_s - ANSWER_MS),
                        "hold": hold_ms,
                        "quiet": QUIET_MS,
                        "changes": "changes" not in self.ignored,
                        "animations": "animation" not in self.ignored,
                    }
                ),
                # In a world of its own, where the page can have replaced no built-in that the script uses.
                world_id=await isolated_world(self._tools, self._activity.main_frame),
            )
            return bool(hold_ms or await self._hold_ms()), unfinished
        except ProtocolError:
            # The document went away while it was watched; a new one is on its way, or the tab is gone.
            if not self._activity.busy():
                return False, []
            await self._activity.changes()
            return True, []

    async def _hold_ms(self) -> float:
        """How long the page is still waited for by its callbacks and workers."""
        pending = await self._pending(self._allowance.rest_s)
        self._awaited.update(pending["awaited"])
        self.skipped.update(pending["skipped"])
        now = self._clock()
        self._workers = [
            Channel(
                name, now - opened_ms / 1000, now - asked_ms / 1000, None if heard_ms is None else now - heard_ms / 1000
            ).question(self._activity.acted)
            for name, opened_ms, asked_ms, heard_ms in pending["channels"]
        ]
        answer_ms = max((1000 * (self._answers_by(channel) - now) for channel in self._workers), default=0.0)
        return max(float(pending["wait"]), min(answer_ms, ASK_AGAIN_MS))

    def _answers_by(self, channel: Channel) -> float:
        """Until when an answer is waited for; the whole limit for a partner that is not known yet."""
        if (after_s := self._answers_after_s.get(channel.name)) is None:
            return channel.asked + self._limit_s + self._allowance.lost_s
        return channel.asked + (min(self._limit_s, LATER * after_s + LATER_S) if after_s else 0.0)

    def _busy(self) -> list[str]:
        self.skipped.update(self.ignored.intersection(self._activity.busy(until=self._allowance.end)))
        return self._activity.busy(self.ignored, until=self._allowance.end)

    async def _pending(self, horizon_s: float) -> dict[str, Any]:
        ignored = _js(sorted(self.ignored))
        seen: dict[str, Any] = await self._evaluate(PENDING % (self._secret, self._secret, 1000 * horizon_s, ignored))
        return seen

    async def _evaluate(self, expression: str, *, world_id: int | None = None) -> Any:
        where = {} if world_id is None else {"contextId": world_id}
        reply = await self._tools.send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True, **where}
        )
        if "exceptionDetails" in reply:
            raise ProtocolError(f"watching the page: {reply['exceptionDetails'].get('text', 'the script failed')}")
        return reply["result"].get("value")


def _js(value: str | dict[str, Any] | Iterable[str]) -> str:
    return orjson.dumps(value).decode()


def _page_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"

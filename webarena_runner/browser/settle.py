"""Waiting until a page is quiet: no navigation, no request in flight, no timer due soon, no change of the document."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from webarena_runner.browser.activity import Activity
from webarena_runner.browser.observe.capture import isolated_world
from webarena_runner.browser.observe.devtools import DevTools, ProtocolError
from webarena_runner.browser.settle_scripts import PENDING, STILL, TIMERS
from webarena_runner.config import SettleSettings

OFFICIAL_SLEEP_S = 2.0
# A change of the document may be one of several: this long without another one is quiet.
QUIET_MS = 50
# What the page needs to answer after its own limit.
ANSWER_MS = 20


@dataclass
class Settler:
    """Waits for one episode's tabs; remembers what never ends on a page, so as to wait for it once only.

    `secret` is the name under which the init script answers; the same for all tabs.
    """

    settings: SettleSettings
    secret: str
    _restless: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def init_script(self) -> str:
        return TIMERS % _js(self.secret)

    async def settle(self, tools: DevTools, activity: Activity, url: str) -> tuple[str, ...]:
        """What still went on at the limit; nothing when the page is quiet, or gone."""
        if self.settings.mode == "official":
            await asyncio.sleep(OFFICIAL_SLEEP_S)
            return ()
        site, page = urlsplit(url).netloc, _page_of(url)
        ignored = self._restless.get(site, frozenset()) | self._restless.get(page, frozenset())
        wait = _Wait(tools, activity, self.secret, self.settings.limit_s, ignored)
        unfinished = await wait.until_quiet()
        for name in (*unfinished, *await wait.repeating()):
            # A timer or a request is known by its own name on all pages of a site.
            named = name.startswith(("timer ", "request "))
            if named or name in {"changes", "animation"}:
                where = site if named else page
                self._restless[where] = self._restless.get(where, frozenset()) | {name}
        return tuple(unfinished)


class _Wait:
    """One wait on one tab, with what it has seen."""

    def __init__(
        self, tools: DevTools, activity: Activity, secret: str, limit_s: float, ignored: frozenset[str]
    ) -> None:
        self.ignored = ignored
        self._tools = tools
        self._activity = activity
        self._secret = _js(secret)
        self._limit_s = limit_s
        self._clock = asyncio.get_running_loop().time
        self._end = self._clock() + limit_s
        self._timers_awaited: set[str] = set()

    async def until_quiet(self) -> list[str]:
        reason = ""
        try:
            async with asyncio.timeout_at(self._end):
                while True:
                    while self._activity.busy(self.ignored):
                        await self._activity.changes()
                    generation = self._activity.generation
                    asked_again, reason = await self._still()
                    quiet = generation == self._activity.generation and not self._activity.busy(self.ignored)
                    if quiet and not asked_again:
                        return [reason] if reason else []
        except TimeoutError:
            return self._activity.busy(self.ignored) or [reason or "page"]

    async def repeating(self) -> list[str]:
        """Timers that were waited for, came, and are set again: they will go on."""
        if not self._timers_awaited:
            return []
        try:
            async with asyncio.timeout(self._limit_s):
                _, names = await self._timers(self._limit_s)
        except (ProtocolError, TimeoutError):
            return []
        return [name for name in names if name in self._timers_awaited]

    async def _still(self) -> tuple[bool, str]:
        """Waits inside the page: whether to ask again, and what went on at the limit."""
        try:
            hold_ms, names = await self._timers(self._rest_s)
            self._timers_awaited.update(names)
            reason = await self._evaluate(
                STILL
                % _js(
                    {
                        "limit": max(0.0, 1000 * self._rest_s - ANSWER_MS),
                        "hold": hold_ms,
                        "quiet": QUIET_MS,
                        "changes": "changes" not in self.ignored,
                        "animations": "animation" not in self.ignored,
                    }
                ),
                world_id=await isolated_world(self._tools, self._activity.main_frame),
            )
            return bool(hold_ms) and not reason, reason
        except ProtocolError:
            # The document went away while it was watched; a new one is on its way, or the tab is gone.
            if not self._activity.busy(self.ignored):
                return False, ""
            await self._activity.changes()
            return True, ""

    async def _timers(self, horizon_s: float) -> tuple[float, list[str]]:
        ignored = _js(sorted(self.ignored))
        seen = await self._evaluate(PENDING % (self._secret, self._secret, 1000 * horizon_s, ignored))
        return float(seen["wait"]), seen["names"]

    @property
    def _rest_s(self) -> float:
        return max(0.0, self._end - self._clock())

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

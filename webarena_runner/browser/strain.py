"""How long the browser and the runner wait for a core: limits of what a page may take leave that time out.

Linux says of each thread how long it was ready to run and did not. Elsewhere only the event loop's own lateness tells.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic

TICK_S = 0.1
# A measurement is not made again so soon after the last one.
FRESH_S = 0.02
# Chromium is asked for its processes only so often: each page of another site has one of its own.
ASK_EVERY_TICKS = 5
# What an idle machine shows too.
NOISE = 0.05
RENDERER = "renderer"
Processes = Callable[[], Awaitable[Mapping[int, str]]]


class Strain:
    """Of one browser session, measured while somebody is `watching`; `processes` gives Chromium's, with their types."""

    def __init__(self, processes: Processes) -> None:
        self.share = 0.0
        self._processes = processes
        self._types: Mapping[int, str] = {}
        self._waited_s: dict[str, float] = {}
        self._lost_s = 0.0
        self._measured = monotonic()
        self._watchers = 0
        self._ticking: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None

    @property
    def lost_s(self) -> float:
        """Seconds lost up to now, of those in which somebody was watching."""
        if monotonic() - self._measured > FRESH_S:
            self._measure(0.0)
        return self._lost_s

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        if not self._watchers:
            self._waited_s, self._measured, self.share = self._waits(), monotonic(), 0.0
            self._ticking = asyncio.create_task(self._tick())
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers and self._ticking is not None:
                self._ticking.cancel()

    async def _tick(self) -> None:
        ticks = 0
        while True:
            if ticks % ASK_EVERY_TICKS == 0 and (self._asking is None or self._asking.done()):
                self._asking = asyncio.create_task(self._ask())
            ticks += 1
            due = monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            self._measure(monotonic() - due)

    async def _ask(self) -> None:
        self._types = await self._processes()

    def _measure(self, late_s: float) -> None:
        now = monotonic()
        span_s = now - self._measured
        if span_s <= 0:
            return
        before, self._waited_s, self._measured = self._waited_s, self._waits(), now
        grown = {name: waited - before.get(name, waited) for name, waited in self._waited_s.items()}
        # One after the other: a page is behind when its own process was kept from running, or the browser's, or ours.
        kinds = {"": late_s}
        for name, waited_s in grown.items():
            kind = name.partition(" ")[0]
            kinds[kind] = max(kinds.get(kind, 0.0), waited_s)
        lost_s = min(span_s, sum(kinds.values()))
        if lost_s > NOISE * span_s:
            self._lost_s += lost_s
        self.share = lost_s / span_s

    def _waits(self) -> dict[str, float]:
        """What each thread that counts has waited in its life, by its kind and id."""
        found = {"": _waited_s(f"self/task/{threading.get_native_id()}")}
        for pid, kind in self._types.items():
            found[f"{RENDERER if kind == RENDERER else 'browser'} {pid}"] = _waited_s(str(pid))
        return {name: waited_s for name, waited_s in found.items() if waited_s is not None}


def _waited_s(process: str) -> float | None:
    """None where the system does not say, or the process has ended."""
    try:
        file = os.open(f"/proc/{process}/schedstat", os.O_RDONLY)
    except OSError:
        return None
    try:
        # Read ten times a second for each process, which a file object would take three times as long for.
        return int(os.read(file, 100).split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
    finally:
        os.close(file)

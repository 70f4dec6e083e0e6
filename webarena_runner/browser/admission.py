"""Who may work in the browser now: first come, first served, however many workers a run has."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from time import monotonic

from webarena_runner.allowance import cores
from webarena_runner.browser.strain import TICK_S, Strain

# Below this share of lost time the cores have room for one more.
CALM = 0.1
# Who has a turn and needs another one for it, such as for looking at a site, waits for nobody.
_HAS_TURN = ContextVar("_HAS_TURN", default=False)


class Admission:
    """Of one browser session. `limit` None: one a core, and more one by one while nobody has to wait for a core."""

    def __init__(self, limit: int | None, strain: Strain) -> None:
        self._limit = limit or cores()
        self._grows = limit is None
        self._strain = strain
        self._active = 0
        self._grew = 0.0
        self._queue: deque[asyncio.Event] = deque()

    @property
    def in_line(self) -> int:
        """How many wait for a turn now."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """The seconds that it was waited for; none for who has one already."""
        if _HAS_TURN.get():
            yield 0.0
            return
        started = monotonic()
        async with self._strain.watching():
            await self._admitted()
            self._active += 1
            _HAS_TURN.set(True)
            try:
                yield monotonic() - started
            finally:
                _HAS_TURN.set(False)
                self._active -= 1
                self._call_next()

    async def _admitted(self) -> None:
        called = asyncio.Event()
        self._queue.append(called)
        try:
            while not (self._queue[0] is called and self._has_room()):
                called.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await called.wait()
        except BaseException:
            self._queue.remove(called)
            self._call_next()
            raise
        self._queue.popleft()
        self._call_next()

    def _has_room(self) -> bool:
        if self._active < self._limit:
            return True
        now = monotonic()
        # One at a time: what the last one takes away shows at the next measurement.
        if not self._grows or self._strain.share > CALM or now - self._grew < TICK_S:
            return False
        self._grew = now
        return True

    def _call_next(self) -> None:
        if self._queue:
            self._queue[0].set()

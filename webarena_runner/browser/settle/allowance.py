"""A limit that counts only the time in which a page could run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from webarena_runner.browser.strain import Strain

# With less than this left nobody looks again.
WORTH_S = 0.05


class Allowance:
    """From now until `end` on the event loop's clock, which `extend` moves by the time that was lost.

    It lasts no longer than `longest_s` in all; `was_cut` says that it had to be ended there, before its limit.
    """

    def __init__(self, strain: Strain, limit_s: float, longest_s: float) -> None:
        self.limit_s = limit_s
        self.was_cut = False
        self._strain = strain
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._lost_before_s = strain.lost_s
        self._longest_s = max(limit_s, longest_s)
        self.end = self._began + limit_s

    @property
    def rest_s(self) -> float:
        return max(0.0, self.end - self._clock())

    @property
    def lost_s(self) -> float:
        return self._strain.lost_s - self._lost_before_s

    @property
    def lost_share(self) -> float:
        """Of the time since it began, in [0, 1]."""
        spent_s = self._clock() - self._began
        return self.lost_s / spent_s if spent_s else 0.0

    def extend(self) -> bool:
        """Whether there is time left now that the lost time is added."""
        wanted_s = self.limit_s + self.lost_s
        self.end = self._began + min(wanted_s, self._longest_s)
        self.was_cut = wanted_s > self._longest_s + WORTH_S
        return self.rest_s > WORTH_S

    async def spent(self) -> None:
        """Returns at its end, however often that moves."""
        while self.rest_s or self.extend():  # noqa: ASYNC110 - the time itself is what is waited for
            await asyncio.sleep(self.rest_s)


@asynccontextmanager
async def patient(strain: Strain, limit_s: float, longest_s: float) -> AsyncIterator[None]:
    """As `asyncio.timeout`, with an allowance for its limit."""
    allowance = Allowance(strain, limit_s, longest_s)
    async with asyncio.timeout(None) as limit:

        async def watch() -> None:
            await allowance.spent()
            limit.reschedule(asyncio.get_running_loop().time())

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

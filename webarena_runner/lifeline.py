"""Holding on to a process of our own: whoever depends on it hears at once when it has ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from webarena_runner.errors import BrowserError, EpisodeError, LoginError, SiteError

# An error of a process that dies may come before the news of its death.
NEWS_LIMIT_S = 0.5


class Lifeline:
    """One process: alive until `cut`."""

    def __init__(self) -> None:
        self._holders: set[asyncio.Timeout] = set()
        self._cut = asyncio.Event()
        self._why = ""

    @property
    def is_cut(self) -> bool:
        return self._cut.is_set()

    def cut(self, why: str) -> None:
        """Ends what the holders do; the first reason stays."""
        if self.is_cut:
            return
        self._why = why
        self._cut.set()
        now = asyncio.get_running_loop().time()
        for holder in self._holders:
            holder.reschedule(now)

    @asynccontextmanager
    async def held(self, lost: type[EpisodeError]) -> AsyncIterator[None]:
        """Raises `lost` instead of what goes wrong in the block when the process has ended, and does so at once."""
        if self.is_cut:
            raise lost(self._why)
        holder = asyncio.timeout(None)
        try:
            async with holder:
                self._holders.add(holder)
                try:
                    yield
                finally:
                    self._holders.discard(holder)
        except TimeoutError as error:
            if not holder.expired():
                raise
            raise lost(self._why) from error
        except (BrowserError, SiteError, LoginError) as error:
            with suppress(TimeoutError):
                async with asyncio.timeout(NEWS_LIMIT_S):
                    await self._cut.wait()
            if not self.is_cut:
                raise
            raise lost(self._why) from error

"""News for one reader, who fetches them: what was fetched and did not arrive is there still, and given again."""

import asyncio
from collections import deque
from contextlib import suppress

from webarena_runner.running.cluster.messages import Batch, News, Piece

# What one answer holds at most, and what may wait for a reader.
BATCH_BYTES, WAITING_BYTES = 4 << 20, 64 << 20


class Outbox:
    """Numbered from 1. The reader says up to which number it has them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, News]] = deque()
        self._last = 0
        self._bytes = 0
        self._changed = asyncio.Event()

    def put(self, news: News) -> None:
        self._last += 1
        self._waiting.append((self._last, news))
        self._bytes += _size(news)
        self._changed.set()

    async def room(self) -> None:
        """Waits while more is there than a reader would fetch soon: for what can wait, such as recordings."""
        while self._bytes > WAITING_BYTES:
            self._changed.clear()
            await self._changed.wait()

    async def after(self, number: int, *, wait_s: float) -> Batch:
        """What came after that number, at once when there is something, else after `wait_s`, maybe nothing."""
        while self._waiting and self._waiting[0][0] <= number:
            self._bytes -= _size(self._waiting.popleft()[1])
            self._changed.set()
        if not self._waiting:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
        found, size = list[News](), 0
        for _, news in self._waiting:
            if found and size > BATCH_BYTES:
                break
            found.append(news)
            size += _size(news)
        return Batch(self._waiting[len(found) - 1][0] if found else number, tuple(found))


def _size(news: News) -> int:
    return len(news.data) if isinstance(news, Piece) else 0

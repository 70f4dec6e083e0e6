"""Read and write leases on a site that several episodes share."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ReadWriteLock:
    """Many readers or one writer, in the order in which they asked, so that neither starves."""

    def __init__(self) -> None:
        self._readers = 0
        self._writing = False
        self._waiting: deque[tuple[bool, asyncio.Future[None]]] = deque()

    @property
    def holders(self) -> int:
        """How many hold it or wait for it."""
        return self._readers + self._writing + len(self._waiting)

    @asynccontextmanager
    async def hold(self, *, exclusive: bool) -> AsyncIterator[None]:
        await self._acquire(exclusive=exclusive)
        try:
            yield
        finally:
            self._release(exclusive=exclusive)

    async def _acquire(self, *, exclusive: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((exclusive, turn))
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release(exclusive=exclusive)
            else:
                self._waiting.remove((exclusive, turn))
                self._grant()
            raise

    def _release(self, *, exclusive: bool) -> None:
        if exclusive:
            self._writing = False
        else:
            self._readers -= 1
        self._grant()

    def _grant(self) -> None:
        while self._waiting:
            exclusive, turn = self._waiting[0]
            if self._writing or (exclusive and self._readers):
                return
            self._waiting.popleft()
            if exclusive:
                self._writing = True
            else:
                self._readers += 1
            turn.set_result(None)

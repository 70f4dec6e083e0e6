"""What actors of a run have in common: they open what they need and close it in one task, and have news of it."""

import asyncio
import logging
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from webarena_runner.errors import UsageError
from webarena_runner.log.lines import LineFormatter
from webarena_runner.running.cluster.messages import Batch, Kit, Logged, Refusal
from webarena_runner.running.cluster.outbox import Outbox
from webarena_runner.running.temporary import own_tmpdir

log = logging.getLogger(__name__)
# A driver that has not asked for news for so long has given up what is here, or is gone: nothing goes on here then.
CUT_OFF_S = 30.0
NEWS_WAIT_S = 2.0
T = TypeVar("T")


class Living(Generic[T]):
    """An actor; `open` gives what its driver has to know. All its methods run on one event loop, beside each other."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.outbox = Outbox()
        self.closing = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._asked = monotonic()

    def opened(self, folder: Path) -> AbstractAsyncContextManager[T]:
        """What the actor needs, with an empty folder that is removed at its end."""
        raise NotImplementedError

    async def open(self) -> T | Refusal:
        ready: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(ready))
        both: list[asyncio.Future[Any]] = [self._life, ready]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return ready.result()
        error = self._life.exception()
        if isinstance(error, UsageError):
            return Refusal(str(error))
        return Refusal("".join(traceback.format_exception(error)), internal=True)

    async def news(self, after: int) -> Batch:
        """What happened since the news of that number; waits a moment for some."""
        self._asked = monotonic()
        batch = await self.outbox.after(after, wait_s=NEWS_WAIT_S)
        self._asked = monotonic()
        return batch

    async def close(self) -> None:
        self.closing.set()
        if self._life:
            await asyncio.wait([self._life])

    async def _live(self, ready: "asyncio.Future[T]") -> None:
        with suppress(OSError):
            os.chdir(self.kit.folder)
        os.environ.update(self.kit.secrets)
        with own_tmpdir(), tempfile.TemporaryDirectory(dir=os.environ["TMPDIR"]) as folder, logging_to(self.outbox):
            async with self.opened(Path(folder)) as known:
                self._asked = monotonic()
                ready.set_result(known)
                await self._until_closed_or_cut_off()

    async def _until_closed_or_cut_off(self) -> None:
        while not self.closing.is_set():
            left_s = self._asked + CUT_OFF_S - monotonic()
            if left_s <= 0:
                log.warning("nobody has asked for news for %.0f s: what goes on here is ended", CUT_OFF_S)
                self.closing.set()
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self.closing.wait()


@contextmanager
def logging_to(outbox: Outbox) -> Iterator[None]:
    """Lines of the runner's own log as news."""
    loop, handler = asyncio.get_running_loop(), _Forwarding(outbox.put)
    handler.loop = loop
    handler.setFormatter(LineFormatter("%(episode)s%(message)s"))
    logger = logging.getLogger("webarena_runner")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Forwarding(logging.Handler):
    """Also of lines that other threads write."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, put: Callable[[Logged], None]) -> None:
        super().__init__(logging.INFO)
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        line = Logged(record.levelno, record.name, self.format(record))
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._put, line)

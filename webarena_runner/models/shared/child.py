"""A model server as a child process: started, watched, started again when it ends, and stopped."""

import asyncio
import logging
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from webarena_runner.errors import ModelError
from webarena_runner.models.shared import guard
from webarena_runner.models.shared.http import HttpClient
from webarena_runner.models.shared.retry import Transient
from webarena_runner.types import Completion

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
# In a row: a run takes days, and a server that has answered for a while may die once more.
MAX_RESTARTS = 3
GOOD_LIFE_S = 600.0
POLL_S = 0.25
HEALTH_TIMEOUT_S = 5.0
PROGRESS_EVERY_S = 10.0
STOP_LIMIT_S = guard.STOP_LIMIT_S + 5
# The end of a server breaks its connections a moment before the system reports it.
GRACE_S = 0.5
LOG_TAIL_LINES, LOG_TAIL_BYTES = 15, 1 << 16


class ServerChild:
    """What `command` gives, in a thread, lacks `--host` and `--port`, which are added; the port stays the same.

    The server is ready when `/health` answers with success.
    `starts` counts how often it became healthy. Its output goes to `log`, which is deleted unless a server failed.
    """

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        environ: Mapping[str, str],
        *,
        subject: str,
        start_timeout_s: float,
        good_life_s: float = GOOD_LIFE_S,
    ) -> None:
        self._port = _free_port()
        self._command = command
        self._environ = dict(environ)
        self._subject = subject
        self._start_timeout_s = start_timeout_s
        self._good_life_s = good_life_s
        self.log = Path(tempfile.gettempdir()) / f"wa-run-server-{self._port}-{secrets.token_hex(4)}.log"
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._failure = ""
        self._healthy = False
        self._changed = asyncio.Condition()  # notified whenever _healthy or _failure has changed
        self._keeper: asyncio.Task[None] | None = None
        self._client = HttpClient(self.url, timeout_s=HEALTH_TIMEOUT_S)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def ready(self) -> int:
        """Waits until the server is healthy, started at the first call; the number of starts so far.

        Raises:
            ModelError: it does not start, or has died too often; with the end of its log.
        """
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        async with self._changed:
            await self._changed.wait_for(lambda: self._healthy or self._failure)
        if self._failure:
            raise ModelError(self._failure)
        return self.starts

    async def gone(self, start: int) -> None:
        """Waits until the server of that start has ended."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._healthy or self.starts != start)

    async def outlive(self, ask: Callable[[], Awaitable[Completion]]) -> Completion:
        """Asks again for as long as servers die under the request and can be started again.

        Raises:
            ModelError: what the request raises of a server that lives, or what `ready` raises.
        """
        deaths = 0
        while True:
            start = await self.ready()
            request = asyncio.ensure_future(ask())
            gone = asyncio.create_task(self.gone(start))
            try:
                await asyncio.wait([request, gone], return_when=asyncio.FIRST_COMPLETED)
                if request.done() and not (_may_pass(request.exception()) and await _ends_within(gone, GRACE_S)):
                    reply = request.result()
                    return reply.model_copy(update={"retries": reply.retries + deaths})
            finally:
                request.cancel()
                gone.cancel()
                await asyncio.wait([request, gone])
            deaths += 1

    async def aclose(self) -> None:
        """Returns when all processes of the server have ended."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._stop()
        await self._client.aclose()
        if not self._failure and self.starts <= 1:
            self.log.unlink(missing_ok=True)

    async def _keep(self) -> None:
        deaths = 0
        while deaths <= MAX_RESTARTS:
            try:
                process = await self._start()
            except ModelError as error:
                return await self._report(healthy=False, failure=str(error))
            self.starts += 1
            healthy_s = time.monotonic()
            await self._report(healthy=True)
            code = await process.wait()
            guard.end_group(process.pid)
            message = f"{self._subject}: the server ended with code {code}"
            deaths = 1 if time.monotonic() - healthy_s >= self._good_life_s else deaths + 1
            if deaths <= MAX_RESTARTS:
                logger.warning("%s; starting it again (its log: %s)", message, self.log)
                await self._report(healthy=False)
        return await self._report(healthy=False, failure=f"{message}, {deaths} times in a row; {self._end_of_log()}")

    async def _report(self, *, healthy: bool, failure: str = "") -> None:
        async with self._changed:
            self._healthy, self._failure = healthy, failure
            self._changed.notify_all()

    async def _start(self) -> asyncio.subprocess.Process:
        command = [*await asyncio.to_thread(self._command), "--host", HOST, "--port", str(self._port)]
        logger.info("%s: starting %s; its log: %s", self._subject, " ".join(command), self.log)
        with self.log.open("ab") as output:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", guard.__file__, "run", *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=self._environ,
                # A session of its own: Ctrl-C in the terminal must not end the server under episodes that finish.
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(self._start_timeout_s):
                await self._wait_until_healthy(process)
        except TimeoutError:
            await self._stop()
            raise ModelError(
                f"{self._subject}: the server was not healthy within {self._start_timeout_s:g} s "
                f"(start_timeout_s); {self._end_of_log()}"
            ) from None
        return process

    async def _wait_until_healthy(self, process: asyncio.subprocess.Process) -> None:
        started_s = told_s = time.monotonic()
        ended = asyncio.create_task(process.wait())
        try:
            while not await self._answers():
                # The server has no other way to say that it is ready than to be asked.
                await asyncio.wait([ended], timeout=POLL_S)
                if ended.done():
                    code = ended.result()
                    guard.end_group(process.pid)
                    raise ModelError(f"{self._subject}: the server ended at start, code {code}; {self._end_of_log()}")
                if time.monotonic() - told_s >= PROGRESS_EVERY_S:
                    told_s = time.monotonic()
                    last = "".join(self._last_lines(1)).strip()
                    logger.info("%s: waiting, %.0f s: %s", self._subject, told_s - started_s, last[:200])
        finally:
            ended.cancel()
        logger.info("%s: healthy after %.0f s", self._subject, time.monotonic() - started_s)

    async def _answers(self) -> bool:
        try:
            return (await self._client.request("GET", "/health")).is_success
        except Transient:
            return False

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        guard.end_group(process.pid)
        await process.wait()

    def _end_of_log(self) -> str:
        return f"the end of its log {self.log}:\n{''.join(self._last_lines(LOG_TAIL_LINES))}"

    def _last_lines(self, count: int) -> list[str]:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
        return [line for line in text.splitlines(keepends=True) if line.strip()][-count:]


def _may_pass(error: BaseException | None) -> bool:
    return isinstance(error, ModelError) and error.may_retry


async def _ends_within(task: asyncio.Task[None], limit_s: float) -> bool:
    await asyncio.wait([task], timeout=limit_s)
    return task.done()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port

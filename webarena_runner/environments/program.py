"""The process of an environment that runs apart, asked over its standard input and output."""

import asyncio
import logging
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from webarena_runner.environments.side import PROTOCOL
from webarena_runner.environments.wire import Ready
from webarena_runner.errors import EnvironmentFault, EnvironmentGone, LimitExceeded, ProtocolFault
from webarena_runner.settings.records import EnvironmentSettings

log = logging.getLogger(__name__)
STOP_LIMIT_S = 5.0
MAX_LINE_BYTES = 2**24
_TAIL_LINES = 8
_SHOWN_CHARACTERS = 200
Answer = TypeVar("Answer", bound=BaseModel)


class Program:
    """One process, which plays one episode at a time; what it has not answered leaves it of no more use."""

    def __init__(self, child: asyncio.subprocess.Process, name: str, settings: EnvironmentSettings) -> None:
        self._child = child
        self._name = name
        self._settings = settings
        self._numbers = count(1)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._hearing = asyncio.create_task(self._hear_errors())
        self.ready = Ready(protocol=PROTOCOL)

    @classmethod
    async def start(
        cls, command: Sequence[str], environ: Mapping[str, str], *, name: str, settings: EnvironmentSettings
    ) -> "Program":
        """Ready to begin an episode. Raises EnvironmentFault or LimitExceeded when it does not get there."""
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE_BYTES,
                env=dict(environ),
                # Ctrl-C is for the run, which ends its programs in an order.
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFault(f"{command[0]} cannot be started: {error.strerror or error}") from error
        program = cls(child, name, settings)
        try:
            program.ready = await program._within(
                settings.start_timeout_s, "environment.start_timeout_s", "initialize", {"protocol": PROTOCOL}, Ready
            )
            if program.ready.protocol != PROTOCOL:
                raise ProtocolFault(
                    f"environment '{name}': its program speaks version {program.ready.protocol} of the protocol, and "
                    f"this version of webarena-runner speaks {PROTOCOL}"
                )
        except BaseException:
            await program.kill()
            raise
        return program

    async def ask(self, method: str, params: Mapping[str, Any], answer: type[Answer]) -> Answer:
        """What it says within `environment.step_timeout_s`.

        Raises:
            EnvironmentGone: it has ended.
            EnvironmentFault: it says that this failed.
            ProtocolFault: what it says is not in the protocol.
            LimitExceeded: it says nothing.
        """
        return await self._within(self._settings.step_timeout_s, "environment.step_timeout_s", method, params, answer)

    async def aclose(self) -> None:
        """It ends by itself when nothing more can come; what does not is killed, with all that it has started."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._child.wait()
        await self.kill()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()
        # Who has inherited its standard error, and left its group, may hold that open.
        await asyncio.wait([self._hearing], timeout=STOP_LIMIT_S)
        self._hearing.cancel()

    async def _within(
        self, limit_s: float, key: str, method: str, params: Mapping[str, Any], answer: type[Answer]
    ) -> Answer:
        try:
            async with asyncio.timeout(limit_s):
                result = await self._asked(method, params)
        except TimeoutError:
            raise LimitExceeded(
                f"environment '{self._name}': '{method}' was not answered within {limit_s:g} s ({key})"
            ) from None
        try:
            return answer.model_validate(result)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(map(str, fault["loc"])) or "result"
            raise ProtocolFault(
                f"environment '{self._name}': the answer to '{method}' is not as the protocol has it: {where}: "
                f"{fault['msg'].lower()}"
            ) from None

    async def _asked(self, method: str, params: Mapping[str, Any]) -> Any:
        number = next(self._numbers)
        line = await self._exchange({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            said = orjson.loads(line)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict) or said.get("id") != number or not ("result" in said or "error" in said):
            shown = line.decode(errors="replace").strip()
            raise ProtocolFault(
                f"environment '{self._name}': expected the answer to '{method}', a line of JSON-RPC with id {number}, "
                f"and its program wrote: {shown[:_SHOWN_CHARACTERS]}"
            )
        if (error := said.get("error")) is not None:
            told = error if isinstance(error, dict) else {"message": error}
            log.info("environment %s, %s: %s", self._name, method, told.get("data"))
            raise EnvironmentFault(f"environment '{self._name}': '{method}' failed: {told.get('message')}")
        return said["result"]

    async def _exchange(self, message: Mapping[str, Any]) -> bytes:
        if self._child.stdin is None or self._child.stdout is None:
            raise EnvironmentGone(f"environment '{self._name}': its program has no pipes")
        line = b""
        # What it wrote before it died is read all the same.
        with suppress(ConnectionError):
            self._child.stdin.write(orjson.dumps(message) + b"\n")
            await self._child.stdin.drain()
        try:
            line = await self._child.stdout.readline()
        except ValueError as error:
            raise ProtocolFault(
                f"environment '{self._name}': its program wrote a line of more than {MAX_LINE_BYTES >> 20} MiB"
            ) from error
        if not line.endswith(b"\n"):
            raise EnvironmentGone(await self._ended())
        return line

    async def _ended(self) -> str:
        code = await self._child.wait()
        await asyncio.wait([self._hearing], timeout=STOP_LIMIT_S)
        told = f": {' | '.join(self._tail)}" if self._tail else ""
        return f"environment '{self._name}': its program ended with code {code}{told}"

    async def _hear_errors(self) -> None:
        if self._child.stderr is None:
            return
        while True:
            try:
                line = await self._child.stderr.readline()
            except ValueError:
                continue
            if not line:
                return
            if text := line.decode(errors="replace").strip():
                log.debug("environment %s: %s", self._name, text)
                self._tail.append(text[:_SHOWN_CHARACTERS])

"""The process with the agents, in the environment that has their packages."""

import asyncio
import json
import logging
import os
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.log.wellformed import well_formed_value

log = logging.getLogger(__name__)
SIDE = Path(__file__).with_name("side.py")
START_LIMIT_S = 180.0
STOP_LIMIT_S = 5.0
MAX_LINE_BYTES = 2**28
TAIL_LINES = 15


class AgentProcess:
    """Answers come in any order; `ready` is what it said of the agent as it started."""

    def __init__(self, child: asyncio.subprocess.Process, target: str) -> None:
        self._child = child
        self._target = target
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._hearing = asyncio.create_task(self._hear_errors())
        self._reading: asyncio.Task[None] | None = None
        self._fault = ""
        self.ready: Mapping[str, Any] = {}

    @classmethod
    async def start(cls, python: Path, target: str) -> "AgentProcess":
        """Raises ConfigError when the agent cannot be made there."""
        try:
            child = await asyncio.create_subprocess_exec(
                str(python),
                str(SIDE),
                target,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE_BYTES,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigError(f"agent_python: {python} cannot be started: {error.strerror or error}") from error
        process = cls(child, target)
        try:
            async with asyncio.timeout(START_LIMIT_S):
                first = await process._line()
            if "error" in first:
                log.info("the agent %s: %s", target, first["traceback"])
                todo = "; name the Python that has its packages by -o agent_python=PATH, or the folder of a module of "
                todo += "your own by PYTHONPATH"
                raise ConfigError(
                    f"agent '{target}' cannot be made in the environment of {python}: {first['error']}"
                    f"{todo if first.get('missing') else ''}"
                )
        except TimeoutError as error:
            await process.aclose()
            raise ConfigError(f"agent '{target}' was not ready within {START_LIMIT_S:g} s in {python}") from error
        except BaseException:
            await process.aclose()
            raise
        process.ready = first
        process._reading = asyncio.create_task(process._read())
        return process

    @property
    def has_ended(self) -> bool:
        """Whether nothing can be asked any more, since its process is gone, or has answered with what is no answer."""
        return self._reading is None or self._reading.done()

    async def ask(self, do: str, episode: str, observation: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ModelError when the agent fails, or its process has ended."""
        if self.has_ended:
            raise ModelError(self._ended())
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send({"id": number, "do": do, "episode": episode, "observation": observation})
            told = await answer
        finally:
            del self._waiting[number]
        if "error" in told:
            log.info("the agent %s: %s", self._target, told.get("traceback", ""))
            raise ModelError(f"agent {self._target}: {told['error']}")
        return told

    async def end(self, episode: str) -> None:
        with suppress(ModelError):
            await self._send({"do": "end", "episode": episode})

    async def aclose(self) -> None:
        if self._child.stdin is not None:
            self._child.stdin.close()
        await self._end()
        left = [task for task in (self._hearing, self._reading) if task]
        _, hanging = await asyncio.wait(left, timeout=STOP_LIMIT_S)
        for task in hanging:
            task.cancel()

    async def _end(self) -> None:
        """Waits for a while until the process ends by itself, and ends what the agents have started and left."""
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    async def _send(self, question: Mapping[str, Any]) -> None:
        if self._child.stdin is None or self._child.returncode is not None:
            raise ModelError(self._ended())
        try:
            self._child.stdin.write(orjson.dumps(question) + b"\n")
            await self._child.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ModelError(self._ended()) from error

    async def _line(self) -> dict[str, Any]:
        """An answer; what happened, as `error`, where there is none to come."""
        try:
            line = await self._child.stdout.readline() if self._child.stdout else b""
            if line:
                answer: dict[str, Any] = well_formed_value(json.loads(line))
                return answer
        except (ValueError, RecursionError) as error:
            self._fault = f"its process answered with what cannot be read ({error}), and was ended"
            with suppress(ProcessLookupError):
                self._child.kill()
        await self._end()
        await asyncio.wait([self._hearing], timeout=STOP_LIMIT_S)
        return {"error": self._ended(), "traceback": ""}

    async def _read(self) -> None:
        while "id" in (answer := await self._line()):
            if waiting := self._waiting.get(answer["id"]):
                waiting.set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(answer)

    async def _hear_errors(self) -> None:
        if self._child.stderr is None:
            return
        while line := await self._child.stderr.readline():
            self._tail.append(line.decode(errors="replace").rstrip())
            log.info("agent %s: %s", self._target, self._tail[-1])

    def _ended(self) -> str:
        said = " | ".join(line for line in self._tail if line)
        ended = self._fault or f"its process ended with code {self._child.returncode}"
        return ended + (f": {said[-500:]}" if said else "")

"""One vLLM engine in processes of its own, that is started, started again when it died, and stopped."""

import asyncio
import gc
import importlib
import io
import logging
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from webarena_runner.errors import ConfigError, ModelError, ModelRefused, UsageError
from webarena_runner.models.shared import guard

logger = logging.getLogger(__name__)
MAX_RESTARTS = 1
PROGRESS_EVERY_S = 10.0


class EngineCore:
    """`subject` begins every error text; `arguments` are those of vLLM's AsyncEngineArgs."""

    def __init__(self, arguments: Mapping[str, Any], variables: Mapping[str, str], *, subject: str) -> None:
        self._arguments = dict(arguments)
        self._variables = dict(variables)
        self._subject = subject
        self._engine: asyncio.Future[Any] | None = None
        self._loaded: Any = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._stopping = asyncio.Lock()  # lets one caller at a time stop an engine that died

    async def engine(self) -> Any:
        """The AsyncLLM, started at the first call.

        Raises:
            ConfigError: vLLM does not take the arguments, or cannot load the model.
        """
        if self._engine is None:
            self._engine = asyncio.ensure_future(self._start())
        # Start-up goes on in its thread when the caller is cancelled, and `aclose` then waits for its end.
        return await asyncio.shield(self._engine)

    async def generate(
        self, ids: Sequence[int], images: Sequence[Any], params: Any, *, request_id: str
    ) -> tuple[Any, int]:
        """vLLM's RequestOutput and the number of engines that died before it; cancelling aborts the request."""
        errors = importlib.import_module("vllm.v1.engine.exceptions")
        prompt: dict[str, Any] = {"prompt_token_ids": list(ids)}
        if images:
            prompt["multi_modal_data"] = {"image": list(images)}
        for deaths in range(MAX_RESTARTS + 2):
            engine = await self._running()
            try:
                outputs = [output async for output in engine.generate(prompt, params, f"{request_id}-{deaths}")]
                return outputs[-1], deaths
            except errors.EngineDeadError:
                await self._replace(engine)
            except errors.EngineGenerateError as error:
                raise ModelError(f"{self._subject}: {error.__cause__ or error!r}") from error
            except client_errors() as error:
                raise ModelRefused(f"{self._subject}: {error}") from None
        raise ModelError(f"{self._subject}: the engine died under each attempt; see its log above")

    async def aclose(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.wait([engine])
            if not engine.cancelled() and engine.exception() is None:
                await asyncio.to_thread(self._stop, engine.result())
        # vLLM's engine is part of a cycle, and complains when it is taken down with the interpreter.
        del engine
        gc.collect()

    async def _running(self) -> Any:
        try:
            return await self.engine()
        except UsageError as error:
            raise ModelError(str(error)) from error

    async def _replace(self, dead: Any) -> None:
        """Stops the engine that died; the next call of `engine` starts another, unless that was the last one.

        Raises:
            ModelError: it has been started again before.
        """
        async with self._stopping:
            engine = self._engine
            if engine is None or not engine.done() or engine.exception() or engine.result() is not dead:
                return  # another caller has done it
            if self._restarts >= MAX_RESTARTS:
                raise ModelError(f"{self._subject}: the engine died, for the {self._restarts + 1}. time; see its log")
            self._restarts += 1
            logger.warning("%s: the engine died; starting it again", self._subject)
            await asyncio.to_thread(self._stop, dead)
            self._engine = None

    async def _start(self) -> Any:
        started_s = time.monotonic()
        logger.info("%s: starting the engine", self._subject)
        loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        while not loading.done():
            await asyncio.wait([loading], timeout=PROGRESS_EVERY_S)
            logger.info(
                "%s: %s, %.0f s",
                self._subject,
                "the engine has started" if loading.done() and not loading.exception() else "the engine is starting",
                time.monotonic() - started_s,
            )
        loading.result()
        engine, self._loaded = self._loaded, None
        return engine

    def _load(self) -> None:
        """Leaves the engine in `_loaded`: errors that vLLM keeps hold this frame, and with a result would hold that."""
        others = {child.pid for child in multiprocessing.active_children()}
        with _environment(self._variables):
            try:
                arguments = importlib.import_module("vllm.engine.arg_utils").AsyncEngineArgs(**self._arguments)
                self._loaded = importlib.import_module("vllm.v1.engine.async_llm").AsyncLLM.from_engine_args(arguments)
            except ImportError as error:
                raise ConfigError(f"{self._subject}: vLLM cannot be imported: {error}") from error
            except _start_errors() as error:
                raise ConfigError(
                    f"{self._subject}: the engine does not start: {_first_lines(error)}; options.engine holds its "
                    "arguments, and its log above says more"
                ) from error
        self._watch([child.pid for child in multiprocessing.active_children() if child.pid not in others])

    def _watch(self, processes: Sequence[int | None]) -> None:
        """vLLM's engine process, and with it the card's memory, would outlive us when we are killed."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, "watch", *map(str, processes)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _stop(self, engine: Any) -> None:
        engine.shutdown()
        multiprocessing.active_children()  # collects the processes that have ended
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()


def client_errors() -> tuple[type[Exception], ...]:
    """What vLLM raises for arguments and requests that it does not take: ValueError, later a tree of its own."""
    try:
        exceptions = importlib.import_module("vllm.exceptions")
    except ImportError:
        return (ValueError,)
    return (ValueError, getattr(exceptions, "VLLMClientError", ValueError))


def _start_errors() -> tuple[type[Exception], ...]:
    return (*client_errors(), TypeError, RuntimeError, OSError, AssertionError)


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:1000] or repr(error)


def _our_variables() -> dict[str, str]:
    """What holds unless the user says otherwise."""
    return {
        # Standard output is for results.
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "VLLM_LOGGING_LEVEL": "INFO" if logger.isEnabledFor(logging.INFO) else "WARNING",
        # A process with threads, as this one is, must not fork.
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with `variables` while vLLM starts its processes, which inherit it.

    vLLM's own changes to it (LD_PRELOAD among them, which a browser must not inherit) are taken back too.
    """
    before = dict(os.environ)
    os.environ.update(_our_variables() | before | dict(variables))
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def decoded_images(images: Sequence[bytes]) -> list[Any]:
    """Encoded images as vLLM takes them."""
    if not images:
        return []
    from PIL import Image

    return [Image.open(io.BytesIO(image)).convert("RGB") for image in images]

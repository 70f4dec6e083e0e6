"""Model servers in the foreground: started, waited for, stopped."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError, ModelError, UsageError
from webarena_runner.interfaces import ServeCommand
from webarena_runner.models.shared import guard
from webarena_runner.models.shared.health import root_url, wait_healthy
from webarena_runner.models.shared.http import HttpClient
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S
from webarena_runner.settings.records import ModelSpec


async def run_server(command: ServeCommand, *, say: Callable[[str], None], on_ready: Callable[[], None]) -> int:
    """Runs the server with its output in this one's until it ends, and stops it when cancelled; its exit code.

    Raises:
        UsageError: the port is taken, or the server ends before it is ready.
    """
    _require_free(command.base_url)
    if command.check:
        await command.check()
    if command.folder:
        command.folder.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", guard.__file__, "run", *command.arguments),
        stdin=asyncio.subprocess.PIPE,
        env=os.environ | command.environ,
        # A session of its own: Ctrl-C comes here, and the server gets one signal, its own.
        start_new_session=True,
    )
    ended = asyncio.create_task(process.wait())
    ready = asyncio.create_task(_wait_ready(command, say))
    try:
        await asyncio.wait([ended, ready], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise UsageError(f"the server ended with exit code {ended.result()} before it was ready; see its output")
        await ready
        on_ready()
        return await ended
    except ModelError as error:
        raise UsageError(str(error)) from None
    finally:
        ready.cancel()
        ended.cancel()
        await _stop(process, command)


async def _wait_ready(command: ServeCommand, say: Callable[[str], None]) -> None:
    url = f"{root_url(command.base_url)}/health"

    def report(waited_s: float, reason: str) -> None:
        say(f"waiting for {url}, {waited_s:.0f} s ({reason})")

    client = HttpClient(command.base_url, timeout_s=CONNECT_TIMEOUT_S)
    try:
        await wait_healthy(client, url, limit_s=None, report=report)
    finally:
        await client.aclose()


async def _stop(process: asyncio.subprocess.Process, command: ServeCommand) -> None:
    """The guard sends SIGTERM, which `docker run` hands on to the container, and kills what is left after its limit."""
    try:
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            async with asyncio.timeout(guard.STOP_LIMIT_S + 5):
                await process.wait()
    except TimeoutError:
        process.kill()
    finally:
        if command.container:
            # When all went well it is gone already.
            remove = (command.arguments[0], "rm", "--force", command.container)
            await asyncio.to_thread(subprocess.run, remove, capture_output=True, check=False)


def key_for(spec: ModelSpec, variable: str | None, environ: Mapping[str, str], name: str) -> dict[str, str]:
    """The API key of a model file under the name that the server knows; never on its command line."""
    if variable is None:
        return {}
    if not environ.get(variable):
        raise ConfigError(f"model '{spec.name}': the environment variable {variable} with the API key is not set")
    return {name: environ[variable]}


def _require_free(base_url: str) -> None:
    url = urlsplit(base_url)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((url.hostname or "", url.port or 80)) == 0:
            raise UsageError(f"port {url.port} is taken by another server; stop it, or choose another with --port")

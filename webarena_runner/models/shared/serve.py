"""Model servers in the foreground: the command from a model file, started, waited for, stopped."""

import asyncio
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from webarena_runner.errors import ConfigError, ModelError, UsageError
from webarena_runner.models.shared import guard
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.tgi.api import root_url, wait_healthy
from webarena_runner.models.tgi.serve import How, container_of, tgi_command
from webarena_runner.models.vllm import serve
from webarena_runner.settings.records import ModelSpec

VLLM_PORT = 8000


@dataclass(frozen=True)
class ServeCommand:
    """`environ` is added to that of this process; `assignments` let a run use the server at `base_url`.

    `check` is awaited before the start, `folder` is made; at the end the container named `container` is removed.
    """

    arguments: tuple[str, ...]
    base_url: str
    assignments: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], Awaitable[None]] | None = None
    folder: Path | None = None
    container: str = ""

    def __str__(self) -> str:
        return shlex.join(self.arguments)


def serve_command(
    spec: ModelSpec, *, how: How | None, port: int | None, environ: Mapping[str, str], only_print: bool = False
) -> ServeCommand:
    """What starts the server of a model file with backend tgi or vllm-server.

    Raises:
        ConfigError: another backend, a wrong option, or what would be started is not there.
    """
    match spec.backend:
        case "tgi":
            return _tgi(spec, how=how, port=port, environ=environ, only_print=only_print)
        case "vllm-server" if how is None:
            return _vllm(spec, port=port or VLLM_PORT, environ=environ, only_print=only_print)
        case "vllm-server":
            raise ConfigError(
                f"model '{spec.name}': --docker and --local are for backend tgi; vLLM is a Python package"
            )
    raise ConfigError(
        f"model '{spec.name}': backend {spec.backend} has no server that could be started here, only tgi and "
        "vllm-server have"
    )


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
        # A session of its own: Ctrl-C comes here, and the server is told once, in its own way.
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

    def tell(waited_s: float, reason: str) -> None:
        say(f"waiting for {url}, {waited_s:.0f} s ({reason})")

    async with httpx.AsyncClient(trust_env=False) as client:
        await wait_healthy(client, url, limit_s=None, tell=tell)


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


def _tgi(
    spec: ModelSpec, *, how: How | None, port: int | None, environ: Mapping[str, str], only_print: bool
) -> ServeCommand:
    command, base_url, options = tgi_command(spec, how=how, port=port, environ=environ, only_print=only_print)
    container = container_of(command, urlsplit(base_url).port or 0)
    return ServeCommand(
        tuple(command),
        base_url,
        (f"model.options.base_url={base_url}",),
        environ={} if only_print else _key(spec, options.api_key_env, environ, "API_KEY"),
        folder=options.docker.folder if container else None,
        container=container,
    )


def _vllm(spec: ModelSpec, *, port: int, environ: Mapping[str, str], only_print: bool) -> ServeCommand:
    options = parse_options(serve.Options, spec)
    # As if it were started with a run; there the key is made for each start, here it is the model file's.
    started = options.model_copy(update={"base_url": "", "api_key_env": None})
    lacking = serve.fault(spec, started)
    if lacking and not only_print:
        raise ConfigError(f"model '{spec.name}': {lacking}")
    base_url = f"http://127.0.0.1:{port}/v1"
    key = {} if only_print else _key(spec, options.api_key_env, environ, serve.KEY_VARIABLE)
    unset = [
        f"model.options.{name}={value}" for name, value in (("serve", "{}"), ("python", "")) if getattr(options, name)
    ]
    return ServeCommand(
        (*serve.start_command(spec, started), "--host", "127.0.0.1", "--port", str(port)),
        base_url,
        (f"model.options.base_url={base_url}", *unset),
        environ={**options.environment, **key},
        check=lambda: serve.check_serve(spec, started),
    )


def _key(spec: ModelSpec, variable: str | None, environ: Mapping[str, str], name: str) -> dict[str, str]:
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

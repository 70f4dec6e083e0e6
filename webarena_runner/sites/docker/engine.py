"""The program of the container engine, `docker` or `podman`, on this machine or talking to another one.

The program and not an engine's HTTP interface: what it is asked can be printed and typed, it knows contexts,
credentials, ssh and rootless sockets, and both engines have the same one.
"""

import asyncio
import logging
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.log.lines import printable
from webarena_runner.sites.docker.steps import Command

log = logging.getLogger(__name__)
PROGRAMS = ("docker", "podman")
_SHOWN_LINES = 4
_KILL_LIMIT_S = 5.0
# What the programs say, and what is to be done then. The first that fits counts.
_REMEDIES = (
    (
        r"permission denied.*(docker\.sock|socket)|dial unix.*permission denied",
        "your account may not use the engine: add it to the group docker and log in again, or use podman",
    ),
    (
        r"cannot connect to the docker daemon|is the docker daemon running|unable to connect to podman"
        r"|error during connect|cannot connect to podman|connection refused.*(docker|podman)|dial tcp",
        "the engine does not answer: start it (systemctl start docker, or Docker Desktop), or correct DOCKER_HOST",
    ),
    (r"no space left on device", "the engine's disk is full: free some (docker system df shows what takes it)"),
    (
        r"port is already allocated|address already in use|ports are not available|failed to bind",
        "another program has the port: stop it, or choose other ports with port_base (--port-base)",
    ),
    (
        r"pull access denied|manifest unknown|no such image|image not known|repository .* not found|unauthorized",
        "the image is not there under this name",
    ),
    (r"i/o timeout|tls handshake timeout|no such host|temporary failure in name", "the registry cannot be reached"),
)


@dataclass(frozen=True)
class Done:
    """What a call of the program left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Engine:
    """`program` is its path, `name` docker or podman, `remote_host` the machine it talks to, "" for this one."""

    program: str
    name: str
    remote_host: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def ask(self, command: Command) -> Done:
        """The call's outcome, whatever it is; it is ended when we are cancelled.

        Raises:
            SiteError: it took longer than its limit, or the program cannot be started.
        """
        file = _opened(command)
        try:
            process = await asyncio.create_subprocess_exec(
                *(self.program, *command.arguments),
                stdin=file or (asyncio.subprocess.PIPE if command.stdin else asyncio.subprocess.DEVNULL),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**self.environ, **command.environ},
                # Ctrl-C comes to us, and we end what runs.
                start_new_session=True,
            )
        except OSError as error:
            raise SiteError(f"{self.program} cannot be started: {error.strerror or error}") from error
        finally:
            if file:
                file.close()
        sent = command.stdin.encode() if command.stdin else None
        try:
            async with asyncio.timeout(command.limit_s):
                out, err = await process.communicate(sent)
        except TimeoutError as error:
            raise SiteError(
                f"could not {command.what}: {self.name} {command.arguments[0]} did not end within {command.limit_s:g} s"
            ) from error
        finally:
            await _end(process)
        return Done(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    async def do(self, command: Command) -> str:
        """Its output.

        Raises:
            ConfigError: the engine cannot be used, or lacks what the command needs; it says what to do.
            SiteError: the command failed otherwise.
        """
        done = await self.ask(command)
        if done.code:
            raise self.failure(command, done)
        return done.out

    async def says_yes(self, command: Command) -> bool:
        """Whether it ends with code 0; raises ConfigError when the engine cannot be used at all."""
        done = await self.ask(command)
        if done.code and _is_unusable(done.err):
            raise self.failure(command, done)
        return not done.code

    def failure(self, command: Command, done: Done) -> ConfigError | SiteError:
        said = _last_lines(done.err) or _last_lines(done.out) or "nothing"
        remedy = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, said, re.IGNORECASE)), "")
        at = f" at {self.remote_host}" if self.remote_host else ""
        log.info("failed: %s", command.shown(self.name))
        message = f"could not {command.what}{at}: {self.name} {command.arguments[0]} ended with {done.code}: {said}"
        return ConfigError(f"{message}\n{remedy}") if remedy else SiteError(message)


def find_engine(name: str, environ: Mapping[str, str]) -> Engine:
    """The named program, or the first of PROGRAMS, on PATH; DOCKER_HOST says which machine it is to talk to.

    Raises:
        ConfigError: it is not there, or DOCKER_HOST is none.
    """
    # What is set, of a mapping that may say something of what is not.
    environ = dict(environ)
    wanted = (name,) if name else PROGRAMS
    for each in wanted:
        program = shutil.which(each, path=environ.get("PATH", os.defpath))
        if program:
            chosen = Path(program).name if Path(program).name in PROGRAMS else "docker"
            return Engine(program, chosen, remote_host(environ), _for_program(chosen, environ))
    raise ConfigError(
        f"there is no {' or '.join(wanted)} on PATH; install Docker (docs.docker.com/engine/install) or Podman, name "
        "the program with engine (--engine), or give the URLs of sites that run elsewhere: --sites static"
    )


def remote_host(environ: Mapping[str, str]) -> str:
    """The machine of DOCKER_HOST; "" for this one."""
    address = environ.get("DOCKER_HOST", "").strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme in ("unix", "npipe", "fd"):
        return ""
    if parts.scheme not in ("tcp", "ssh", "http", "https") or not host:
        raise ConfigError(f"DOCKER_HOST: expected unix://PATH, ssh://USER@HOST or tcp://HOST:PORT, got '{address}'")
    return "" if host in ("localhost", "127.0.0.1", "::1") else host


def _for_program(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Podman looks for another variable."""
    found = dict(environ)
    if name == "podman" and environ.get("DOCKER_HOST"):
        found.setdefault("CONTAINER_HOST", environ["DOCKER_HOST"])
    return found


def _opened(command: Command) -> IO[bytes] | None:
    if command.stdin_file is None:
        return None
    try:
        return command.stdin_file.open("rb")
    except OSError as error:
        raise ConfigError(f"{command.stdin_file}: cannot be read: {error.strerror or error}") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_KILL_LIMIT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _is_unusable(said: str) -> bool:
    return any(re.search(pattern, said, re.IGNORECASE) for pattern, _ in _REMEDIES[:2])


def _last_lines(text: str) -> str:
    lines = [printable(line.strip()) for line in text.splitlines() if line.strip() and not _is_advice(line)]
    return " / ".join(lines[-_SHOWN_LINES:])


def _is_advice(line: str) -> bool:
    return line.startswith(("See '", "Run '")) or bool(re.match(r'time="[^"]*" level=(warning|info)', line))

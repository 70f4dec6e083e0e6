"""One real web application as a process of its own, on a port that stays its own when it is stopped and started."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

LIMIT_S = 60.0
# The process leads a session of its own, and lives on when who started it ends.
_DETACHED = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!'


@dataclass(frozen=True)
class Application:
    """`command` serves `site` at 127.0.0.1:`port`, and `path` is that of its start page.

    What it writes goes to the file `state` with the ending .log, its process id to that with the ending .pid.
    """

    site: str
    command: Sequence[str]
    port: int
    state: Path
    path: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self) -> None:
        """Returns when the start page answers."""
        log = self.state.with_suffix(".log")
        shell = ("sh", "-c", _DETACHED, "sh", log, *self.command)
        done = subprocess.run(shell, env={**os.environ, **self.environ}, capture_output=True, text=True, check=True)
        self.state.with_suffix(".pid").write_text(done.stdout)
        _wait_until(self._answers, f"{self.site}: {self.command[0]} does not answer at {self.url}; see {log}")

    def stop(self) -> None:
        """Ends it at once, as a machine does that fails; nothing to do when it does not run."""
        pid = self.state.with_suffix(".pid")
        if not pid.exists():
            return
        with suppress(ProcessLookupError):
            os.killpg(int(pid.read_text()), signal.SIGKILL)
        pid.unlink()
        _wait_until(lambda: not self._listens(), f"{self.site}: something listens at {self.url} still")

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, trust_env=False, timeout=5).status_code < 500
        except httpx.HTTPError:
            return False

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def run(*command: str | Path, environ: Mapping[str, str] | None = None) -> None:
    """Raises RuntimeError with what the command wrote, when it fails."""
    words, values = list(map(str, command)), {**os.environ, **(environ or {})}
    done = subprocess.run(words, env=values, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def program(name: str, package: str) -> str:
    """Its path; raises RuntimeError with the command that installs it."""
    if (found := shutil.which(name)) is None:
        raise RuntimeError(f"no {name} on the path: apt-get install --no-install-recommends {package}")
    return found

"""A server of ours for clients of another framework, and episodes played through it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from webarena_runner.gym import ReferencePlayer

WA_RUN = Path(sys.executable).with_name("wa-run")
# Of the forum, the shop, the map and the wiki; no reference answer of theirs needs a judge.
TASKS = (37, 38, 29, 58, 340, 315, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11)
END_LIMIT_S = 60
MOST_SAID = 1_000_000


@dataclass
class Served:
    url: str
    process: subprocess.Popen[str]
    _stderr: IO[str]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_LIMIT_S)

    def said(self) -> str:
        """All that is on its standard error so far."""
        return os.pread(self._stderr.fileno(), MOST_SAID, 0).decode()


@contextmanager
def served(sessions: int, *options: str, wa_run: Path = WA_RUN, kind: str = "openenv") -> Iterator[Served]:
    """In a process group of its own, which says how each episode ends."""
    command = [str(wa_run), "-v", "env", "serve", "--kind", kind, "--port", "0", "--sessions", str(sessions), *options]
    with (
        TemporaryFile("w+") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True) as process,
    ):
        assert process.stdout is not None
        server = Served(process.stdout.readline().strip(), process, stderr)
        assert server.url, server.said()
        try:
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def play(client: Any, task_id: int, **limits: Any) -> Any:
    """The last result of an episode that is played as the reference does."""
    player = ReferencePlayer.of("mini", task_id)
    with client.sync() as env:
        result = env.reset(task_id=task_id, **limits)
        while not result.done:
            result = env.step(player.next(result.observation.text))
        return result


def texts_in(value: Any) -> Iterator[str]:
    """All keys and texts of a JSON value."""
    match value:
        case Mapping():
            for key, below in value.items():
                yield str(key)
                yield from texts_in(below)
        case str():
            yield value
        case list():
            for below in value:
                yield from texts_in(below)

"""A server of ours for OpenEnv's clients, and episodes played through it."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_runner.gym import ReferencePlayer

WA_RUN = Path(sys.executable).with_name("wa-run")
# Of the forum, the shop, the map and the wiki; no reference answer of theirs needs a judge.
TASKS = (37, 38, 29, 58, 340, 315, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11)
END_LIMIT_S = 60


@dataclass
class Served:
    """`left` is what the server's process said at its end, and the code."""

    url: str
    process: subprocess.Popen[str]
    left: dict[str, Any] = field(default_factory=dict)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.left["stderr"] = self.process.communicate(timeout=END_LIMIT_S)[1]
        return self.process.returncode


@contextmanager
def served(sessions: int, *options: str, wa_run: Path = WA_RUN) -> Iterator[Served]:
    command = [str(wa_run), "env", "serve", "--kind", "openenv", "--port", "0", "--sessions", str(sessions), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    if not url:
        raise AssertionError(process.communicate()[1])
    server = Served(url, process)
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

"""The stand-in for one test: on PATH, told what goes wrong, and asked what it was asked."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webarena_runner.official.images import IMAGES

PROGRAM = Path(__file__).with_name("program.py")
# Without site-packages, since it starts a hundred times.
_SCRIPT = """#!{python} -IS
import os, runpy
os.environ["STAND_IN_NAME"] = {name!r}
runpy.run_path({program!r}, run_name="__main__")
"""


@dataclass
class StandIn:
    """`folder` has its state, `environ` what is to be set for it to be found."""

    folder: Path
    environ: dict[str, str]

    @classmethod
    def make(cls, folder: Path, *, names: Sequence[str] = ("docker",)) -> "StandIn":
        """With all published images there, and no others."""
        programs, state = folder / "bin", folder / "engine"
        for path in (programs, state):
            path.mkdir()
        for name in names:
            script = programs / name
            script.write_text(_SCRIPT.format(name=name, python=sys.executable, program=str(PROGRAM)))
            script.chmod(0o755)
        found = cls(state, {"PATH": f"{programs}:/usr/bin:/bin", "STAND_IN": str(state)})
        found.write("images", {image.image: "there" for family in IMAGES.values() for image in family.values()})
        found.fault()
        return found

    def write(self, name: str, value: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(value))

    def fault(self, **faults: Any) -> None:
        """`down`: no daemon; `calls`: `{pattern: {err, code}}` of those that fail; `sites`: what is wrong with them."""
        self.write("faults", faults)

    def calls(self, *verbs: str) -> list[list[str]]:
        """What it was asked, in order; `verbs` chooses."""
        return [call["words"] for call in self.records() if not verbs or call["words"][0] in verbs]

    def records(self) -> list[dict[str, Any]]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def container(self, name: str) -> dict[str, Any] | None:
        path = self.folder / f"container-{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    @property
    def names(self) -> list[str]:
        return sorted(path.stem.removeprefix("container-") for path in self.folder.glob("container-*.json"))

    def kill(self, name: str) -> None:
        """As if its process had died."""
        record = self.container(name)
        assert record
        if not record["pid"]:
            return
        with suppress(ProcessLookupError):
            os.kill(record["pid"], signal.SIGKILL)

    def close(self) -> None:
        for name in self.names:
            self.kill(name)


@contextmanager
def standing_in(folder: Path, **options: Any) -> Iterator[StandIn]:
    found = StandIn.make(folder, **options)
    try:
        yield found
    finally:
        found.close()


def free_base(ports: int = 60) -> int:
    """The first of so many ports in a row that are free now, below those that connections are given."""
    starts = range(20_000, 32_000, ports)
    first = os.getpid() % len(starts)
    for base in (*starts[first:], *starts[:first]):
        if all(_is_free(base + offset) for offset in range(ports)):
            return base
    raise OSError("no free ports")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

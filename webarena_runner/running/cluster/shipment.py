"""Sends what a player writes of its attempts, in a folder of this node, to the run folder elsewhere, as it happens."""

import shutil
from pathlib import Path

from webarena_runner.log.paths import RESULT, AttemptPaths, RunPaths
from webarena_runner.running.cluster.messages import Piece, SharedText
from webarena_runner.running.cluster.outbox import Outbox

PIECE_BYTES = 1 << 20


class Shipment:
    """Of one attempt, whose folder here goes when all is sent; `sent` are the texts that the run has already."""

    def __init__(self, paths: AttemptPaths, token: int, outbox: Outbox, sent: set[str]) -> None:
        self._paths = paths
        self._token = token
        self._outbox = outbox
        self._sent = sent
        self._done: dict[str, int] = {}

    def step(self, picture: str | None) -> None:
        """A step is written: its texts and picture go before the line that names them."""
        self._texts()
        if picture is not None and picture not in self._done:
            self._send(picture, (self._paths.folder / picture).read_bytes())
        self._send_rest(self._paths.steps)

    async def rest(self) -> None:
        """All that has not been sent, recordings too; what is left of the folder is removed."""
        self._texts()
        for path in sorted(self._paths.folder.iterdir()):
            # All steps are sent, and may have been written anew without their pictures.
            if path.name not in (RESULT, self._paths.steps.name) and path.is_file():
                while self._send_rest(path, PIECE_BYTES):
                    await self._outbox.room()
        shutil.rmtree(self._paths.folder, ignore_errors=True)

    def _texts(self) -> None:
        for path in self._paths.texts.iterdir():
            if path.suffix == ".txt" and path.name[0] != "." and path.name not in self._sent:
                self._sent.add(path.name)
                self._outbox.put(SharedText(path.read_text(encoding="utf-8")))

    def _send_rest(self, path: Path, most: int = -1) -> bool:
        """Whether there was something."""
        begin = self._done.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read(most)
        if data or path.name not in self._done:
            self._send(path.name, data)
        return bool(data)

    def _send(self, name: str, data: bytes) -> None:
        self._outbox.put(Piece(self._token, name, data, begins=name not in self._done))
        self._done[name] = self._done.get(name, 0) + len(data)


def scratch_run(folder: Path) -> RunPaths:
    """A folder in which a player can write; it is no run."""
    paths = RunPaths(folder)
    for each in paths.subfolders:
        each.mkdir(parents=True)
    return paths

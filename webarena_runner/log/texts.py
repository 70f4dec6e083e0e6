"""Texts that many steps share, each kept once in a run, in a file that is called by its checksum."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from webarena_runner.errors import DamagedRecord
from webarena_runner.log.files import read_bytes, sha256_of, sync, write_atomically


@dataclass(frozen=True)
class Texts:
    """The `texts/` of a run. Several processes may add to it: the same text makes the same file."""

    folder: Path
    _read: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _unsynced: set[Path] = field(default_factory=set, repr=False, compare=False)

    def add(self, text: str) -> str:
        """Keeps the text, which is to outlast a loss of power after `sync` only, and returns its SHA-256.

        Raises OSError.
        """
        data = text.encode()
        sha256 = sha256_of(data)
        path = self.path(sha256)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data, durable=False)
            self._unsynced.add(path)
        return sha256

    def sync(self) -> None:
        """Waits until the disk has what was added by this object; several threads may call it. Raises OSError."""
        while self._unsynced:
            with suppress(KeyError):
                sync(self._unsynced.pop())

    def get(self, sha256: str) -> str:
        """Raises DamagedRecord when the text is not there or is another one."""
        if sha256 not in self._read:
            path = self.path(sha256)
            data = read_bytes(path)
            if sha256_of(data) != sha256:
                raise DamagedRecord(f"{path}: is not the text that steps of this run name; put the old one back")
            self._read[sha256] = data.decode()
        return self._read[sha256]

    def path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.txt"

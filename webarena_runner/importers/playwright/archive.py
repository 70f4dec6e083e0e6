"""The zip file of a trace, which may be anybody's: read within limits, and never unpacked."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webarena_runner.errors import UsageError
from webarena_runner.log.wellformed import HALF_IN_JSON, well_formed_value

MAX_EVENT_BYTES = 512 * 2**20
MAX_PICTURE_BYTES = 20 * 2**20
_SUFFIX = ".trace"
# Of the test runner: its own steps, which are no calls of a browser.
_OF_THE_TEST = "test.trace"
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)
_CHUNK = 2**20


class Archive:
    """An open trace."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self._path, self._file = path, file
        self._names = frozenset(file.namelist())

    def contexts(self) -> list[str]:
        """Names of its event files, one a browser context. Raises UsageError: none, so it is no trace."""
        found = sorted(name for name in self._names if name.endswith(_SUFFIX) and name != _OF_THE_TEST)
        if not found:
            raise UsageError(f"{self._path}: is no trace of Playwright: there is no file *{_SUFFIX} in it")
        return found

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """Of one context; lines that are no JSON objects are left out. Raises UsageError: larger than any trace."""
        if self._file.getinfo(name).file_size > MAX_EVENT_BYTES:
            raise UsageError(f"{self._path}: {name} is larger than {MAX_EVENT_BYTES >> 20} MiB")
        with self._reading(), self._file.open(name) as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, dict):
                    # What half a character is in cannot be written again.
                    yield well_formed_value(event) if HALF_IN_JSON.search(line) else event

    def picture(self, name: str) -> bytes | None:
        """None where it is not there, too large or damaged."""
        if name not in self._names or self._file.getinfo(name).file_size > MAX_PICTURE_BYTES:
            return None
        try:
            return self._file.read(name)
        except _BROKEN:
            return None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise UsageError(f"{self._path}: a broken zip file: {error}") from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises UsageError when it is no zip file."""
    try:
        with zipfile.ZipFile(path) as file:
            yield Archive(path, file)
    except zipfile.BadZipFile as error:
        raise UsageError(
            f"{path}: is no zip file; expected a trace, as context.tracing.stop(path=...) makes"
        ) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


def sha256_of_file(path: Path) -> str:
    """Raises UsageError."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()

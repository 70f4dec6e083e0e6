"""The files of a trace, in a zip file or a folder: they may be anybody's, so they are read within limits."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from webarena_runner.errors import UsageError
from webarena_runner.log.files import BROKEN_ZIP
from webarena_runner.log.wellformed import HALF_IN_JSON, well_formed_value

MAX_EVENT_BYTES = 512 * 2**20
MAX_LINE_BYTES = 64 * 2**20
MAX_PICTURE_BYTES = 20 * 2**20
_SUFFIX = ".trace"
# Of the test runner: its own steps, which are no calls of a browser.
_OF_THE_TEST = "test.trace"
_CHUNK = 2**20


class _Files(Protocol):
    def names(self) -> list[str]: ...

    def size(self, name: str) -> int: ...

    def open(self, name: str) -> IO[bytes]: ...


class _Zip:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def names(self) -> list[str]:
        return self._file.namelist()

    def size(self, name: str) -> int:
        return self._file.getinfo(name).file_size

    def open(self, name: str) -> IO[bytes]:
        return self._file.open(name)


class _Folder:
    """Without what links lead to."""

    def __init__(self, path: Path) -> None:
        root = path.resolve()
        found = (each for each in path.rglob("*") if each.is_file() and each.resolve().is_relative_to(root))
        self._files = {each.relative_to(path).as_posix(): each for each in found}

    def names(self) -> list[str]:
        return list(self._files)

    def size(self, name: str) -> int:
        return self._files[name].stat().st_size

    def open(self, name: str) -> IO[bytes]:
        return self._files[name].open("rb")


class Archive:
    """An open trace."""

    def __init__(self, path: Path, files: _Files) -> None:
        self._path, self._files = path, files
        self._names = frozenset(files.names())

    def contexts(self) -> list[str]:
        """Names of its event files, one a browser context. Raises UsageError: none, so it is no trace."""
        found = sorted(name for name in self._names if name.endswith(_SUFFIX) and name != _OF_THE_TEST)
        if not found:
            raise UsageError(f"{self._path}: is no trace of Playwright: there is no file *{_SUFFIX} in it")
        return found

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """Of one context; lines that are no JSON objects are left out. Raises UsageError: larger than any trace."""
        if self._files.size(name) > MAX_EVENT_BYTES:
            raise UsageError(f"{self._path}: {name} is larger than {MAX_EVENT_BYTES >> 20} MiB")
        with self._reading(name) as file:
            # The rest of a line that is longer is a line that is no JSON.
            while line := file.readline(MAX_LINE_BYTES):
                if (event := _event(line)) is not None:
                    yield event

    def picture(self, context: str, name: str) -> bytes | None:
        """Beside the events of a context; None where it is not there, too large or damaged."""
        folder, slash, _ = context.rpartition("/")
        name = f"{folder}{slash}{name}"
        if name not in self._names or self._files.size(name) > MAX_PICTURE_BYTES:
            return None
        try:
            with self._files.open(name) as file:
                return file.read()
        except (*BROKEN_ZIP, OSError):
            return None

    @property
    def sha256(self) -> str:
        """Of its event files: the pictures belong to them. Raises UsageError."""
        digest = hashlib.sha256()
        for name in self.contexts():
            with self._reading(name) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def _reading(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self._files.open(name) as file:
                yield file
        except (*BROKEN_ZIP, OSError) as error:
            raise UsageError(f"{self._path}: {name} cannot be read: {error}") from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises UsageError when it is neither a zip file nor a folder."""
    if path.is_dir():
        yield Archive(path, _Folder(path))
        return
    try:
        file = zipfile.ZipFile(path)
    except BROKEN_ZIP as error:
        raise UsageError(
            f"{path}: is no zip file; expected a trace, as context.tracing.stop(path=...) makes"
        ) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    with file:
        yield Archive(path, _Zip(file))


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    # What half a character is in cannot be written again.
    return dict(well_formed_value(event)) if HALF_IN_JSON.search(line) else event

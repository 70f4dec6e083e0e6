"""Files as others find them: written whole or not at all, with the rights that they had, and read or said why not."""

import hashlib
import json
import lzma
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import Any, BinaryIO

from webarena_runner.errors import DamagedRecord, StoreError

# What the standard library raises of a damaged zip file: of its index, its names, its members, their compression.
BROKEN_ZIP = (
    *(zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError),
    *(EOFError, zlib.error, lzma.LZMAError),
)
# What a file is called while it is being written.
_UNFINISHED = re.compile(r"\.(.+)\.[0-9a-f]{8}")


def place_in(error: OSError, otherwise: Path) -> str:
    """The file that could not be written; of a copy, Python names first what was copied."""
    return str(error.filename2 or error.filename or otherwise)


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """After a crash the file holds the old content or the new one, never a part; text goes out as UTF-8.

    `durable`: after one of the machine too, for which the call waits until the disk has it.
    A file that is there keeps its mode and, where that is allowed, its group; a symbolic link stays one, and what it
    leads to is replaced. A new file is readable as the umask has it.
    """
    with replacing(path, durable=durable) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A new file for content that is written bit by bit, which takes the place of `path` at the end if all went well.

    As `write_atomically` has it.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        _take_rights_of(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Waits until the disk has the file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_unfinished(folder: Path, name: str | None = None) -> None:
    """Takes away what killed processes left of writing files, of this name or any, which nobody may be writing now."""
    for path in folder.glob(".*"):
        found = _UNFINISHED.fullmatch(path.name)
        if found and name in (None, found[1]) and not path.is_dir():
            path.unlink(missing_ok=True)


def is_file(path: Path) -> bool:
    """Raises StoreError where nobody lets us look, which is another thing than no file."""
    return S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Raises StoreError where nobody lets us look."""
    return S_ISDIR(_mode(path))


def read_bytes(path: Path) -> bytes:
    """Raises DamagedRecord when there is no such file, StoreError when it cannot be read."""
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise StoreError(no_right(path)) from error
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise DamagedRecord(f"{path} cannot be read: {error.strerror}") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error


def no_right(path: Path) -> str:
    return f"no right to read {path}: have its owner give it, or read it as the user who ran it"


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of_json(value: Any) -> str:
    """Of a JSON value, whatever the order of its keys."""
    return sha256_of(json.dumps(value, sort_keys=True).encode())


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except PermissionError as error:
        raise StoreError(no_right(path)) from error
    except (OSError, ValueError):
        return 0


def _take_rights_of(path: Path, temporary: Path) -> None:
    try:
        before = path.stat()
    except FileNotFoundError:
        return
    with suppress(PermissionError):
        os.chown(temporary, -1, before.st_gid)
    temporary.chmod(S_IMODE(before.st_mode))

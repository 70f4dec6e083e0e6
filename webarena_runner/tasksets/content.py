"""Task files as they are on disk: a JSON list, one record, JSON Lines, any of them packed by gzip, a folder of them."""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from webarena_runner.errors import TaskFileError
from webarena_runner.official.node import shown

SUFFIXES = (".json", ".jsonl", ".ndjson", ".gz")
MAX_BYTES = 64 * 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Content:
    """The records of a task file, each with its place for errors; `sha256` is of what they were read from, unpacked."""

    records: tuple[tuple[str, Any], ...]
    sha256: str


def read_content(path: Path) -> Content:
    """Raises TaskFileError: unreadable, no JSON (with line and column), or no records."""
    try:
        if path.is_dir():
            return _of_folder(path)
        return content_of(_bytes_of(path), str(path))
    except OSError as error:
        raise TaskFileError(f"{path}: the task file cannot be read: {error.strerror or error}") from error


def content_of(data: bytes, file: str) -> Content:
    """`file` is for errors, and its suffix tells JSON Lines."""
    data = _unpacked(data, file)
    text = _decoded(data, file)
    records = tuple(_lines(text, file) if _is_lines(text, file) else _listed(_parsed(text, file), file))
    if not records:
        raise TaskFileError(f"{file}: {_EXPECTED}, found {'an empty list' if data.strip() else 'an empty file'}")
    return Content(records, hashlib.sha256(data).hexdigest())


def base_name(path: Path) -> str:
    """The name of a file without the suffixes of task files: `tasks` for `tasks.jsonl.gz`."""
    name = path.name
    while (suffix := Path(name).suffix) in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


_EXPECTED = "expected a JSON list of at least one task record (or one record, or one a line)"


def _of_folder(folder: Path) -> Content:
    """One record a file; lists beside them, as `test.raw.json`, have the same tasks again."""
    records: list[tuple[str, Any]] = []
    digest = hashlib.sha256()
    paths = sorted((path for path in folder.iterdir() if _is_task_file(path)), key=_number_first)
    for path in paths:
        data = _unpacked(_bytes_of(path), str(path))
        record = _parsed(_decoded(data, str(path)), str(path))
        if not isinstance(record, list):
            records.append((str(path), record))
            digest.update(f"{path.name} {hashlib.sha256(data).hexdigest()}\n".encode())
    if not records:
        lists = f"; it holds lists of tasks ({', '.join(path.name for path in paths[:3])}): name one" if paths else ""
        raise TaskFileError(f"{folder}: expected a folder of ID.json, one task record each{lists}")
    return Content(tuple(records), digest.hexdigest())


def _is_task_file(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(".json") and path.is_file()


def _number_first(path: Path) -> tuple[bool, int, str]:
    name = base_name(path)
    is_number = name.isascii() and name.isdecimal()
    return not is_number, int(name[:_MAX_SHORT]) if is_number else 0, name


# Longer numbers are no ids, and are in the order of their texts.
_MAX_SHORT = 18


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    _require_size(data, str(path))
    return data


def _unpacked(data: bytes, file: str) -> bytes:
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
            data = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TaskFileError(f"{file}: broken gzip data: {error}") from error
    _require_size(data, file)
    return data


def _require_size(data: bytes, file: str) -> None:
    if len(data) > MAX_BYTES:
        raise TaskFileError(f"{file}: larger than {MAX_BYTES >> 20} MiB; expected a task file")


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskFileError(f"{file}: expected UTF-8 text: {error}") from error


def _is_lines(text: str, file: str) -> bool:
    """By its name, or by two objects that stand in two lines."""
    if Path(file.removesuffix(".gz")).suffix in _LINES:
        return True
    first, end, rest = text.strip().partition("\n")
    return bool(end) and first.startswith("{") and rest.lstrip().startswith("{") and first.rstrip().endswith("}")


def _lines(text: str, file: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{file}, line {number}", _parsed(line, file, line=number)


def _listed(value: Any, file: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        yield file, value
    elif isinstance(value, list):
        yield from ((f"{file}: record {index}", record) for index, record in enumerate(value))
    else:
        raise TaskFileError(f"{file}: {_EXPECTED}, found {shown(value)}")


def _parsed(text: str, file: str, *, line: int = 1) -> Any:
    """`line` is that which the text begins on."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{file}, line {line + error.lineno - 1}, column {error.colno}"
        raise TaskFileError(f"{place}: not JSON: {error.msg}") from error
    except ValueError as error:
        # Python reads no whole number of more than 4,300 digits.
        longest = max(re.finditer(r"\d+", text), key=lambda found: len(found.group()))
        at = line + text.count("\n", 0, longest.start())
        digits = len(longest.group())
        raise TaskFileError(f"{file}, line {at}: a number of {digits} digits, which nothing needs") from error
    except RecursionError as error:
        raise TaskFileError(f"{file}: nested too deep for a task file") from error

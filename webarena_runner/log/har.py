"""The network log of an episode on disk: HAR 1.2 that is a whole file after every entry, so that a kill costs nothing.

One line an entry. Each write adds a line and what closes the file after it, over what closed it before.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from webarena_runner import __version__
from webarena_runner.errors import DamagedRecord
from webarena_runner.log.files import read_bytes
from webarena_runner.log.wellformed import well_formed_value

_CREATOR = {"name": "webarena-runner", "version": __version__}
_HEAD = f'{{"log":{{"version":"1.2","creator":{json.dumps(_CREATOR)},"entries":[\n'.encode()
_TAIL = b"\n]}}\n"


class HarFile:
    """A HAR that grows; entries come as the exchanges end, and `read_har` has them in the order in which they began."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        os.pwrite(self._file, _HEAD + _TAIL, 0)
        self._end = len(_HEAD)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, entry: dict[str, Any]) -> None:
        """Raises OSError."""
        # Escaped, since a page may name things by halves of surrogate pairs, which are no UTF-8.
        text = json.dumps(entry, separators=(",", ":")).encode()
        line = text if self._end == len(_HEAD) else b",\n" + text
        self._write(line + _TAIL)
        self._end += len(line)

    def close(self) -> None:
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        at = self._end
        while data:
            written = os.pwrite(self._file, data, at)
            at, data = at + written, data[written:]


def read_har(path: Path) -> dict[str, Any]:
    """The HAR with its entries in the order in which they began; an entry that a kill cut off is left out.

    Raises:
        DamagedRecord: it is none, or another line of it is damaged.
    """
    data = read_bytes(path)
    try:
        har = json.loads(data.decode("utf-8", "replace"))
    except ValueError:
        har = _repaired(data, path)
    log = har.get("log") if isinstance(har, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise DamagedRecord(f"{path}: is damaged: expected a HAR, with log.entries")
    for number, entry in enumerate(log["entries"], start=1):
        if not _is_entry(entry):
            raise DamagedRecord(f"{path}: is damaged: entry {number} has no request with a URL, or no response")
    log["entries"] = sorted(log["entries"], key=lambda entry: str(entry.get("startedDateTime", "")))
    return dict(well_formed_value(har))


def _repaired(data: bytes, path: Path) -> Any:
    """What is there up to the cut, which a kill in the middle of a write leaves: its last line is not whole."""
    head, _, rest = data.partition(b"\n")
    entries = []
    lines = rest.split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(json.loads(line.rstrip(b",").decode("utf-8", "replace")))
        except ValueError as error:
            if any(_is_whole(later) for later in lines[number:]):
                raise DamagedRecord(f"{path}: is damaged: line {number + 1} is no JSON ({error})") from error
            break
    if not head.endswith(b'"entries":['):
        raise DamagedRecord(f"{path}: is damaged: neither a whole HAR nor the beginning of one of ours")
    return {"log": json.loads(head + b"]}}")["log"] | {"entries": entries}}


def _is_whole(line: bytes) -> bool:
    return line.startswith(b'{"') and line.rstrip(b",").endswith(b"}")


def _is_entry(entry: Any) -> bool:
    request = entry.get("request") if isinstance(entry, dict) else None
    has_url = isinstance(request, dict) and isinstance(request.get("url"), str)
    return has_url and isinstance(entry.get("response"), dict)


def har_text(har: dict[str, Any]) -> str:
    """The HAR as a file has it, one line an entry."""
    head = {key: value for key, value in har["log"].items() if key != "entries"} | {"entries": []}
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in har["log"]["entries"])
    return json.dumps({"log": head}, ensure_ascii=False).removesuffix("]}}") + f"\n{lines}\n]}}}}\n"

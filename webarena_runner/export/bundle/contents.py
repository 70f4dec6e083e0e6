"""What is in a bundle beside the run folder's own files: what kind of bundle it is, and the checksums."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from webarena_runner.errors import StoreError
from webarena_runner.log.files import is_file, read_bytes, sha256_of
from webarena_runner.log.paths import PICTURES, RESCORED, RunPaths
from webarena_runner.types import Record

ABOUT, SUMS = "bundle.json", "SHA256SUMS"
FORMAT = 1
# What `report --html` and `rescore` leave in a run folder, and may have left since it was unpacked.
_LATER = ("report", "report.html", RESCORED)
# No file of ours is so deep, nor has a file system longer names.
_MAX_PARTS, _MAX_PART_BYTES = 50, 255
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


class About(Record):
    """`bundle.json`; `version` is of the package that wrote it, `passed` and `planned` are the run's."""

    format: int = FORMAT
    run_id: str
    version: str
    pictures: bool
    planned: int
    passed: int


def files_of(folder: Path, *, pictures: bool) -> list[Path]:
    """Those of the run that go into a bundle, sorted."""
    return [path for path in RunPaths(folder).files() if pictures or path.suffix not in PICTURES]


def sums_text(sums: Mapping[str, str]) -> str:
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items()))


def read_sums(path: Path) -> dict[str, str]:
    """Checksum by file name. Raises StoreError when it is no list of checksums of files below its folder."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_bytes(path).decode("utf-8", "replace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or not is_below(match[2]) or match[2] in found:
            raise StoreError(f"{path}, line {number}: expected a SHA-256, two blanks and a file of this folder, once")
        found[match[2]] = match[1]
    return found


def sums_of(folder: Path) -> dict[str, str]:
    """Checksum by name of every file of a run folder; of a link or a named pipe it is none that a file has.

    What reports and re-scorings have left there counts only where the folder's list has it.

    Raises:
        StoreError: the list cannot be read.
    """
    listed = read_sums(folder / SUMS) if is_file(folder / SUMS) else {}
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    return {
        name: sha256_of(read_bytes(path)) if is_file(path) and not path.is_symlink() else ""
        for name, path in found.items()
        if name in listed or PurePosixPath(name).parts[0] not in _LATER
    }


def faults_of_sums(folder: Path, found: Mapping[str, str]) -> list[str]:
    """Files that are not as the folder's list says, are missing, or are not in it; `found` are those that there are."""
    listed = read_sums(folder / SUMS)
    faults = [f"{name}: is in {SUMS}, and missing" for name in sorted(listed.keys() - found.keys())]
    faults += [f"{name}: is not in {SUMS}" for name in sorted(found.keys() - listed.keys() - {SUMS})]
    for name in sorted(listed.keys() & found.keys()):
        if found[name] != listed[name]:
            faults.append(f"{name}: is not the file that {SUMS} names; it was changed")
    return faults


def is_below(name: str) -> bool:
    """Whether a name with slashes is that of a file below some folder, on any machine, and fit to be shown."""
    parts = PurePosixPath(name).parts
    short = len(parts) <= _MAX_PARTS and all(len(part.encode()) <= _MAX_PART_BYTES for part in parts)
    plain = short and "/".join(parts) == name and "\\" not in name and name.isprintable()
    return bool(parts) and plain and not name.startswith("/") and ".." not in parts

"""Tar archives under Zstandard: written so that the same content makes the same bytes, read as if by an enemy."""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from webarena_runner.errors import StoreError, UsageError
from webarena_runner.export.bundle.contents import is_below

MAGIC = b"\x28\xb5\x2f\xfd"
LEVEL = 9
# A picture of a page has some 100 kB, and the largest runs a few gigabytes.
MAX_FILE_BYTES, MAX_BYTES, MAX_FILES = 1 << 30, 1 << 36, 1_000_000
_MAX_HEADER_BYTES = 1 << 16
_MAX_PADDING_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
# Of a machine that others use too.
_LEFT_FREE = 0.1


class RefusedArchive(StoreError):
    """An archive that is not what a bundle is: damaged, or made to do harm."""


class Writer:
    """Adds files to an archive that is written to `file` as they come."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._packed: Any = compressor.stream_writer(file, closefd=False)
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed in close

    def add(self, name: str, data: bytes) -> None:
        """Without time, owner or rights of its own."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o644
        self._tar.addfile(member, io.BytesIO(data))

    def close(self) -> None:
        self._tar.close()
        self._packed.close()


class _Member(tarfile.TarInfo):
    """Headers that are longer than any name needs would be read into memory whole."""

    def _proc_pax(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        self._require_short()
        return super()._proc_pax(archive)  # type: ignore[misc,no-any-return]

    def _proc_gnulong(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        self._require_short()
        return super()._proc_gnulong(archive)  # type: ignore[misc,no-any-return]

    def _require_short(self) -> None:
        if self.size > _MAX_HEADER_BYTES:
            raise RefusedArchive(f"a header of {self.size} bytes; a name needs a few hundred")


def is_packed(path: Path) -> bool:
    """Whether a file begins as Zstandard data does. Raises UsageError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class Unpacked:
    """The one folder of an archive, and the checksum of every file in it, those that were not written out too."""

    folder: Path
    sums: Mapping[str, str]


def unpack(path: Path, into: Path, wanted: Callable[[str], bool] = lambda name: True) -> Unpacked:
    """Below an empty folder; of files whose names are not `wanted` only the checksum is taken.

    Raises:
        RefusedArchive: links, devices, names that lead elsewhere, sizes beyond all measure, or damage.
        UsageError: there is not enough room.
    """
    import zstandard

    limit = min(MAX_BYTES, int(shutil.disk_usage(into).free * (1 - _LEFT_FREE)))
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file) as plain,
            tarfile.open(fileobj=plain, mode="r|", tarinfo=_Member) as archive,
        ):
            sums = _extract(archive, into, limit, wanted)
            _read_out(plain)
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise RefusedArchive(f"{path}: is damaged, or cut off: {error}") from error
    except RefusedArchive as error:
        raise RefusedArchive(f"{path}: {error}") from None
    except (FileExistsError, NotADirectoryError) as error:
        raise RefusedArchive(f"{path}: a file and a folder of it have the same name") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be unpacked to {into}: {error.strerror or error}") from error
    roots = {name.partition("/")[0] for name in sums}
    root = roots.pop() if len(roots) == 1 else ""
    if not root or root in sums:
        raise RefusedArchive(
            f"{path}: expected one folder in it, found {', '.join(sorted({*roots, root} - {''})[:5]) or 'nothing'}"
        )
    (into / root).mkdir(exist_ok=True)
    return Unpacked(into / root, {name.removeprefix(f"{root}/"): sha256 for name, sha256 in sums.items()})


def _read_out(plain: BinaryIO) -> None:
    """What follows the archive: at its end is the checksum of it all, which is only then compared."""
    total = 0
    while piece := plain.read(_MAX_HEADER_BYTES):
        total += len(piece)
        if piece.strip(b"\0") or total > _MAX_PADDING_BYTES:
            raise RefusedArchive("more follows after the end of the archive")


def _extract(archive: tarfile.TarFile, into: Path, limit: int, wanted: Callable[[str], bool]) -> dict[str, str]:
    sums: dict[str, str] = {}
    seen: set[str] = set()
    taken = 0
    for member in archive:
        _require_plain(member)
        if member.name in seen:
            raise RefusedArchive(f"{member.name}: is in it twice")
        seen.add(member.name)
        taken += member.size
        if member.size > MAX_FILE_BYTES or taken > limit or len(seen) > MAX_FILES:
            raise RefusedArchive(
                f"{member.name}: too large: a file may have {MAX_FILE_BYTES} bytes, all together {limit}, and of files "
                f"there may be {MAX_FILES}"
            )
        if member.isfile() and (source := archive.extractfile(member)) is not None:
            # Our own look at the name, and tarfile's, which knows links on the way to it.
            place = into / tarfile.data_filter(member, str(into)).name if wanted(member.name) else None
            sums[member.name] = _copied(source, place)
    return sums


def _copied(source: IO[bytes], place: Path | None) -> str:
    """The checksum of what is copied, or, without a place for it, only read."""
    found = hashlib.sha256()
    if place:
        place.parent.mkdir(parents=True, exist_ok=True)
    # Never into a file that is there.
    with place.open("xb") if place else nullcontext() as file:
        while piece := source.read(_PIECE_BYTES):
            found.update(piece)
            if file:
                file.write(piece)
    return found.hexdigest()


def _require_plain(member: tarfile.TarInfo) -> None:
    if not is_below(member.name.removesuffix("/")):
        raise RefusedArchive(f"{member.name!r:.200}: leads out of the folder, or is no name of a file")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or member.issparse():
        raise RefusedArchive(f"{member.name}: is a link, a device or another thing than a file or a folder")

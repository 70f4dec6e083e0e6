"""A bundle from its file to what was found: unpacked to a temporary folder, and kept only if all is well."""

import shutil
import tempfile
from pathlib import Path

from webarena_runner.errors import StoreError, UsageError
from webarena_runner.export.bundle.archive import RefusedArchive, is_packed, unpack
from webarena_runner.export.bundle.verify import Verification, verify_folder
from webarena_runner.log.paths import PICTURES, is_run


def verify_bundle(path: Path, keep: Path | None = None) -> tuple[Verification, Path | None]:
    """What was found, and where the run folder is now if it was to be kept below `keep` and all is well.

    Raises:
        UsageError: neither a bundle nor a run folder is there, or it cannot be unpacked here.
    """
    if path.is_dir():
        if keep:
            raise UsageError(f"--unpack {keep}: {path} is a folder already; leave it out")
        if not is_run(path):
            raise StoreError(f"{path}: is a folder and no run; expected a bundle, or a run folder with a manifest.json")
        return verify_folder(path.resolve()), None
    if not is_packed(path):
        raise UsageError(f"{path}: is no bundle: expected a .tar.zst file of `wa-run export RUN --to bundle`")
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".verify-" if keep else "wa-run-verify-", dir=keep) as temporary:
        try:
            # Of pictures nothing but the checksum is looked at.
            unpacked = unpack(path, Path(temporary), lambda name: bool(keep) or not name.endswith(PICTURES))
        except RefusedArchive as error:
            return Verification(run_id=path.name, faults=[f"refused: {error}"]), None
        found = verify_folder(unpacked.folder.resolve(), unpacked.sums)
        return found, _kept(unpacked.folder, keep) if keep and found.is_good else None


def _kept(folder: Path, keep: Path) -> Path:
    place = keep / folder.name
    if place.exists():
        raise UsageError(f"--unpack {keep}: {place} is there already; move it away, or name another folder")
    shutil.move(folder, place)
    return place

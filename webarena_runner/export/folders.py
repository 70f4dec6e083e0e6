"""A folder that an exporter writes: whole or not at all, in the place of an earlier export of the same run."""

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webarena_runner import __version__
from webarena_runner.errors import StoreError
from webarena_runner.log.files import place_in

INDEX = "export.json"
Json = dict[str, Any]


def write_folder(target: Path, exporter: str, write: Callable[[Path], Json]) -> None:
    """Fills a new folder by `write`, whose return goes into its index, and puts it in the place of `target`.

    Raises:
        StoreError: something else is there, or it cannot be written.
    """
    require_ours(target, exporter)
    new, old = (target.with_name(f".{target.name}.{secrets.token_hex(4)}") for _ in range(2))
    try:
        new.mkdir(parents=True)
        index = {"exporter": exporter, "webarena_runner": __version__} | write(new)
        (new / INDEX).write_text(json.dumps(index, ensure_ascii=False, indent=1), encoding="utf-8")
        if target.exists():
            target.rename(old)
        new.rename(target)
    except OSError as error:
        raise StoreError(
            f"cannot write {place_in(error, target)}: {error.strerror}; make room or get rights there"
        ) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def require_ours(target: Path, exporter: str) -> None:
    """Raises StoreError when there is something that is no export of this exporter: it stays as it is."""
    if not target.exists():
        return
    try:
        found = json.loads((target / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or found.get("exporter") != exporter:
        raise StoreError(
            f"{target}: is there already, and is no earlier export of {exporter} (no {INDEX} in it that says so); move "
            f"it away, or name another folder with --to {exporter}=FOLDER"
        )

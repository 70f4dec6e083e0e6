"""`status.json` of a run folder: how a run stands, told by the run itself, and what that means by now."""

import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from pydantic import ValidationError

from webarena_runner.errors import DamagedRecord
from webarena_runner.log.files import is_file
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_json
from webarena_runner.log.writing import is_going_on, text_of
from webarena_runner.types import RunStatus

# Several times as long as a run takes from one heartbeat to the next, also on a busy machine.
STALE_S = 60.0
SILENT = "silent"


@dataclass(frozen=True)
class Standing:
    """The state of a run as others see it: one of `RunStatus`, or silent, when it says nothing any more."""

    state: str
    why: str = ""


def write_status(folder: Path, status: RunStatus) -> None:
    """Whole or not at all for whoever reads it; after a loss of power it may be missing. Raises OSError."""
    path = RunPaths(folder).status
    # Only the process that plays the run writes it. One name, so that a kill leaves one file, which the next takes.
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text_of(status.model_dump(mode="json"), indent=2), encoding="utf-8")
    temporary.replace(path)


def read_status(folder: Path) -> RunStatus | None:
    """None: a run of an earlier version, or one that has not begun. Raises StoreError."""
    path = RunPaths(folder).status
    if not is_file(path):
        return None
    try:
        return RunStatus.model_validate(read_json(path))
    except ValidationError as error:
        raise DamagedRecord(f"{path} is not a status: {error.errors(include_url=False)[0]['msg']}") from error


def standing(folder: Path, status: RunStatus, now: datetime) -> Standing:
    """What is to be made of a status at this time."""
    if status.state != "running":
        return Standing(status.state, status.why)
    is_here = status.host == socket.gethostname()
    # When all is played it lets go of the folder, and writes the results.
    if is_here and not is_going_on(folder) and not _is_alive(status):
        return Standing("interrupted", f"process {status.pid} has ended without a word")
    age_s = (now - status.heartbeat_at).total_seconds()
    if age_s > STALE_S:
        where = "it still holds the run" if is_here else f"look for process {status.pid} on {status.host}"
        return Standing(SILENT, f"no heartbeat for {age_s:.0f} s; {where}")
    return Standing("running")


def _is_alive(status: RunStatus) -> bool:
    """Whether the process that wrote it is there: one that began later has only got its number."""
    try:
        return psutil.Process(status.pid).create_time() <= status.started_at.timestamp() + 1
    except psutil.Error:
        return False

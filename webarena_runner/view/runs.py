"""The run folders below `--out`: which there are, and what each came to so far."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from webarena_runner.errors import StoreError
from webarena_runner.log.paths import STATUS, is_run, runs_in
from webarena_runner.log.writing import is_going_on
from webarena_runner.report.summary import RunReport, load_run

log = logging.getLogger(__name__)
RUNNING, FINISHED, STOPPED = "running", "finished", "stopped"
# Name, modification time and size of all files that a result is read from.
Print = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Listed:
    """A run as it stands; `report` None: it cannot be read, and `fault` says why."""

    name: str
    status: str = ""
    report: RunReport | None = None
    fault: str = ""


class Runs:
    """Of a folder that nothing outside of is shown, whatever links in it point to."""

    def __init__(self, out: Path) -> None:
        self.out = out.resolve()
        self._read: dict[Path, tuple[Print, RunReport]] = {}

    def folder(self, name: str) -> Path:
        """Raises KeyError when there is no such run."""
        if "\0" in name:
            raise KeyError(name)
        # Of a link that leads to itself `resolve` says nothing.
        folder = Path(os.path.realpath(self.out / name))
        if folder.parent != self.out or not is_run(folder):
            raise KeyError(name)
        return folder

    def report(self, name: str) -> RunReport:
        """Raises KeyError when there is no such run, StoreError when it cannot be read."""
        folder = self.folder(name)
        seen = _print_of(folder)
        known = self._read.get(folder)
        if known is None or known[0] != seen:
            known = self._read[folder] = seen, load_run(folder)
        return known[1]

    def listed(self) -> list[Listed]:
        """All runs, those that were started last first; the ones that cannot be read at the end."""
        found = [self._listed(folder.name) for folder in runs_in(self.out) if folder.resolve().parent == self.out]
        return sorted(
            found, key=lambda run: run.report is not None and run.report.manifest.started_at.timestamp(), reverse=True
        )

    def _listed(self, name: str) -> Listed:
        try:
            report = self.report(name)
        except (StoreError, KeyError) as error:
            return Listed(name, fault=str(error))
        return Listed(name, status_of(report), report)


def status_of(report: RunReport) -> str:
    """Running, finished, or stopped before everything that was planned had a result."""
    if is_going_on(report.folder):
        return RUNNING
    return STOPPED if report.total.missing else FINISHED


def _print_of(folder: Path) -> Print:
    """Changes whenever a file changes that the result table is made from."""
    # Of what is there beside it, a heartbeat changes nothing.
    own = (path for path in folder.glob("*.json*") if path.name != STATUS)
    files = [*own, *folder.glob("episodes/*/result.json"), *folder.glob("attempts/*/*.json*")]
    found = []
    for file in sorted(files):
        try:
            state = file.stat()
        except OSError as error:
            log.debug("is gone already: %s", error)
            continue
        found.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(found)

"""What was recorded of each episode, copied out of a run folder: network logs and Playwright traces, a file each."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from webarena_runner.errors import ConfigError, DamagedRecord, StoreError
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import is_file, place_in, write_atomically
from webarena_runner.log.har import har_text, read_har
from webarena_runner.log.paths import AttemptPaths, RunPaths
from webarena_runner.log.reading import read_manifest


def folder_of(setup: ExportSetup, name: str) -> Path | None:
    """The folder that a target names, None where it names none. Raises ConfigError when it is another thing."""
    if not setup.target:
        return None
    folder = Path(setup.target).expanduser()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{name}={folder}: is a file; expected a folder, which is made where there is none")
    return folder


class Recordings:
    """Base of both: one file an episode, `TASK.TRIAL` and the kind's ending, of its latest attempt."""

    name = ending = option = what = hint = ""

    def __init__(self, target: Path | None, out: Path) -> None:
        self._target, self._out = target, out

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        return cls(folder_of(setup, cls.name), setup.out)

    def export(self, folder: Path) -> str:
        manifest = read_manifest(folder)
        target = self._target or self._out / self.name / folder.resolve().name
        attempts = RunPaths(folder).episodes()
        recorded = [paths for paths in attempts if is_file(self.source(paths))]
        if not recorded:
            raise StoreError(
                f"{folder}: none of its {len(attempts)} episodes has {self.what}: they are recorded with "
                f"--record {self.option}, which has to be given when the run begins" + self.hint
            )
        try:
            target.mkdir(parents=True, exist_ok=True)
            faults = list(self._copied(recorded, target))
        except OSError as error:
            raise StoreError(f"cannot write {place_in(error, target)}: {error.strerror}") from error
        written = len(recorded) - len(faults)
        counted = f"{written} of {len(manifest.planned)} planned episodes"
        return "\n".join([f"{target} ({counted})", *(f"  left out: {fault}" for fault in faults)])

    def source(self, paths: AttemptPaths) -> Path:
        raise NotImplementedError

    def copy(self, source: Path, target: Path) -> None:
        """Raises DamagedRecord, OSError."""
        raise NotImplementedError

    def _copied(self, recorded: list[AttemptPaths], target: Path) -> Iterator[str]:
        """Copies, and yields what is wrong with those that cannot be."""
        for paths in recorded:
            try:
                self.copy(self.source(paths), target / f"{paths.folder.name}{self.ending}")
            except DamagedRecord as error:
                yield str(error)


class HarFiles(Recordings):
    """The network log of each episode as a HAR file, in the folder har/RUN or in TARGET."""

    name, ending, option, what = "har", ".har", "har", "a network log"

    def source(self, paths: AttemptPaths) -> Path:
        return paths.har

    def copy(self, source: Path, target: Path) -> None:
        write_atomically(target, har_text(read_har(source)))


class TraceFiles(Recordings):
    """The Playwright trace of each episode, in the folder trace/RUN or in TARGET."""

    name, ending, option, what = "trace", ".zip", "trace", "a trace"
    hint = " (trace=failed keeps none of an episode that passed)"

    def source(self, paths: AttemptPaths) -> Path:
        return paths.trace

    def copy(self, source: Path, target: Path) -> None:
        shutil.copyfile(source, target)

"""The seam between a run folder and the forms that others want it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ExportSetup:
    """What an exporter is built from, by its class method `build(setup)`, which raises ConfigError for a wrong target.

    `target` is what follows the name in `--to NAME=TARGET` ("": where the exporter usually writes), `out` the folder
    that holds the run folders.
    """

    target: str
    out: Path
    environ: Mapping[str, str]


class Exporter(Protocol):
    """Writes what a run came to in a form of its own; a run that was exported before is replaced there."""

    def export(self, folder: Path) -> str:
        """Reads the run folder and returns where the run now is, for people to read.

        Raises:
            StoreError: it cannot be written there.
        """
        ...

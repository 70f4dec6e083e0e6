"""The seam between a run folder and the forms that others want it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class ExportSetup:
    """What an exporter is built from, by its class method `build(setup)`, which raises ConfigError for a wrong target.

    `target` is what follows the name in `--to NAME=TARGET` ("": where the exporter usually writes), `out` the folder
    that holds the run folders. `options` is an object of the class's own record `Options`, validated from
    `-o NAME=VALUE`; None for a class without one.
    """

    target: str
    out: Path
    environ: Mapping[str, str]
    options: Any = None


class Exporter(Protocol):
    """Writes what a run came to in a form of its own; a run that was exported before is replaced there.

    The first line of the class's docstring is what `wa-run export --list` says of it. Two names are for those that
    need them: `Options`, a record on `webarena_runner.settings.options.PlugInOptions`, and `needs`, a tuple of the
    modules that are imported when it is built or writes, and which an extra brings.
    """

    def export(self, folder: Path) -> str:
        """Reads the run folder and returns where the run now is, for people to read.

        Raises:
            StoreError: it cannot be written there.
        """
        ...

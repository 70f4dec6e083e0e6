"""Exporters as people name them: `leaderboard`, or `leaderboard=results/all.csv` to write elsewhere than usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webarena_runner import registry
from webarena_runner.interfaces.export import Exporter, ExportSetup


@dataclass(frozen=True)
class Export:
    """An exporter that is ready to write, under the name that it was asked for by."""

    name: str
    exporter: Exporter

    def write(self, folder: Path) -> str:
        """One line for people: who wrote the run, and where to.

        Raises:
            StoreError: it cannot be written there.
        """
        return f"{self.name}: {self.exporter.export(folder)}"


def open_export(text: str, *, out: Path, environ: Mapping[str, str]) -> Export:
    """Raises ConfigError when there is no such exporter, or the target is not one for it."""
    name, _, target = text.partition("=")
    exporter: Exporter = registry.load("exporters", name).build(ExportSetup(target, out, environ))
    return Export(name, exporter)


def require_exporter(text: str) -> None:
    """Raises ConfigError when there is no such exporter; imports nothing."""
    registry.require("exporters", text.partition("=")[0])

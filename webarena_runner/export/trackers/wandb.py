"""`wandb`: a run of a project of Weights & Biases, which stays on this machine unless it is sent."""

import shutil
from pathlib import Path
from typing import ClassVar, Literal, Self

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.trackers.facts import PROJECT, tracked
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import load_run
from webarena_runner.settings.options import PlugInOptions


class WandbOptions(PlugInOptions):
    """Needs the extra `wandb`: [](../export/trackers.md)."""

    project: str = PROJECT
    """name of the project"""
    entity: str | None = None
    """user or team that the project is of; yours when not given"""
    mode: Literal["offline", "online"] = "offline"
    """`online`: send it now, as who has logged in with `wandb login` or by WANDB_API_KEY"""


class Wandb:
    """A run of a Weights & Biases project, in the folder TARGET or wandb beside the run; sends it where asked to."""

    Options = WandbOptions
    needs: ClassVar[tuple[str, ...]] = ("wandb",)

    def __init__(self, folder: Path, options: WandbOptions) -> None:
        self._folder, self._options = folder, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file."""
        folder = Path(setup.target).expanduser() if setup.target else setup.out
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"wandb={folder}: is a file; expected a folder, in which wandb makes one of its own")
        return cls(folder, setup.options)

    def export(self, folder: Path) -> str:
        import wandb

        run = tracked(load_run(folder))
        online = self._options.mode == "online"
        before = set(self._offline(run.key))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            logged = wandb.init(
                project=self._options.project,
                entity=self._options.entity,
                id=run.key,
                name=run.run_id,
                dir=str(self._folder),
                config=run.params,
                # A run that was exported before is replaced.
                resume="allow",
                settings=_settings(wandb.Settings, self._options.mode),
            )
            logged.summary.update(run.metrics)
            address = logged.url if online else ""
            logged.finish()
        except (wandb.errors.Error, OSError) as error:
            raise StoreError(
                f"wandb, project '{self._options.project}': {' '.join(str(error).split())[:500]}"
            ) from error
        for earlier in before:
            shutil.rmtree(earlier, ignore_errors=True)
        if online:
            return str(address)
        (written,) = set(self._offline(run.key)) - before
        return f"{written}; send it with: wandb sync {written}"

    def _offline(self, key: str) -> list[Path]:
        return list((self._folder / "wandb").glob(f"offline-run-*-{key}"))


def _settings(settings: type, mode: str) -> object:
    """Without what wandb collects by itself: command line, code, machine, console."""
    return settings(
        mode=mode,
        silent=True,
        console="off",
        host="",
        save_code=False,
        disable_git=True,
        disable_code=True,
        disable_job_creation=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
    )

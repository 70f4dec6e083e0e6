"""`trackio`: a run of a project of Trackio, in its database on this machine."""

import contextlib
import os
import sys
from pathlib import Path
from typing import ClassVar, Self

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.trackers.facts import PROJECT, tracked
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import load_run
from webarena_runner.settings.options import PlugInOptions


class TrackioOptions(PlugInOptions):
    """Needs the extra `trackio`: [](../export/trackers.md)."""

    project: str = PROJECT
    """name of the project"""


class Trackio:
    """A run of a Trackio project, in its database on this machine (in the folder that TRACKIO_DIR names)."""

    Options = TrackioOptions
    needs: ClassVar[tuple[str, ...]] = ("trackio",)

    def __init__(self, options: TrackioOptions) -> None:
        self._options = options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when a target is given: Trackio knows where its database is."""
        if setup.target:
            raise ConfigError(
                f"trackio={setup.target}: takes no target; the database is where TRACKIO_DIR says, and a project is "
                f"named with -o project=NAME"
            )
        return cls(setup.options)

    def export(self, folder: Path) -> str:
        if "TRACKIO_SPACE_ID" not in os.environ:
            # Else it asks Hugging Face for the name of whoever's token is on this machine, and writes it down.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import trackio

        run, project = tracked(load_run(folder)), self._options.project
        try:
            # It prints what it does; our outputs go there.
            with contextlib.redirect_stdout(sys.stderr):
                _forget(project, run.run_id)
                trackio.init(
                    project=project,
                    name=run.run_id,
                    config=run.params,
                    embed=False,
                    auto_log_gpu=False,
                    auto_log_cpu=False,
                )
                trackio.log(run.metrics, step=0)
                trackio.finish()
        except (ValueError, RuntimeError, OSError) as error:
            raise StoreError(f"trackio, project '{project}': {' '.join(str(error).split())[:500]}") from error
        where = f"run '{run.run_id}' of project '{project}' in {trackio.TRACKIO_DIR}"
        return f"{where}; see it with: trackio show --project {project}"


def _forget(project: str, name: str) -> None:
    """Deletes what an earlier export has left: a run that is resumed there would have all numbers twice."""
    import trackio

    try:
        runs = list(trackio.Api().runs(project))
    except ValueError:
        # As it says that there is no such project yet.
        return
    for earlier in runs:
        if earlier.name == name:
            earlier.delete()

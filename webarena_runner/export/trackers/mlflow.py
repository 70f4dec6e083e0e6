"""`mlflow`: a run of an MLflow experiment."""

import json
import os
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from webarena_runner.errors import StoreError
from webarena_runner.export.trackers.facts import PROJECT, Tracked, tracked
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.markdown import as_markdown
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.settings.options import PlugInOptions

if TYPE_CHECKING:
    from mlflow import MlflowClient

# By which the run is found again.
TAG = "webarena_runner.key"


class MlflowOptions(PlugInOptions):
    """Needs the extra `mlflow`: [](../export/trackers.md)."""

    experiment: str = PROJECT
    """name of the experiment, which is made where there is none"""
    artifacts: bool = False
    """store the result table (Markdown) and the manifest with it"""


class Mlflow:
    """A run of an MLflow experiment, at the tracking server TARGET, MLFLOW_TRACKING_URI, or in the file mlflow.db."""

    Options = MlflowOptions
    needs: ClassVar[tuple[str, ...]] = ("mlflow",)

    def __init__(self, uri: str, options: MlflowOptions) -> None:
        self._uri, self._options = uri, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        given = setup.target or setup.environ.get("MLFLOW_TRACKING_URI", "")
        return cls(given or f"sqlite:///{(setup.out / 'mlflow.db').absolute()}", setup.options)

    def export(self, folder: Path) -> str:
        # MLflow tells its makers what it is used for, unless this is set before it is imported.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        report = load_run(folder)
        try:
            client = MlflowClient(tracking_uri=self._uri)
            run_id = self._log(client, report, tracked(report))
        except MlflowException as error:
            raise StoreError(f"mlflow={self._uri}: {_first_lines(error)}") from error
        return f"run {run_id} of experiment '{self._options.experiment}' at {self._uri}"

    def _log(self, client: "MlflowClient", report: RunReport, run: Tracked) -> str:
        experiment = self._experiment(client)
        found = client.search_runs([experiment], filter_string=f"tags.`{TAG}` = '{run.key}'", max_results=1)
        logged = found[0] if found else client.create_run(experiment, tags={TAG: run.key}, run_name=run.run_id)
        run_id, now = str(logged.info.run_id), int(time() * 1000)
        self._log_batch(client, run_id, run, known=dict(logged.data.params), timestamp_ms=now)
        if self._options.artifacts:
            client.log_text(run_id, as_markdown(report), "report.md")
            manifest = report.manifest.model_dump(mode="json")
            client.log_text(run_id, json.dumps(manifest, ensure_ascii=False, indent=1), "manifest.json")
        client.set_terminated(run_id)
        return run_id

    def _log_batch(
        self, client: "MlflowClient", run_id: str, run: Tracked, *, known: dict[str, str], timestamp_ms: int
    ) -> None:
        from mlflow.entities import Metric, Param

        metrics = [Metric(name, value, timestamp_ms, 0) for name, value in run.metrics.items()]
        # A parameter that is there cannot be changed: MLflow would refuse the whole batch.
        params = [Param(name, value) for name, value in run.params.items() if name not in known]
        client.log_batch(run_id, metrics=metrics, params=params)

    def _experiment(self, client: "MlflowClient") -> str:
        found: Any = client.get_experiment_by_name(self._options.experiment)
        if found:
            return str(found.experiment_id)
        # Beside the database; else MLflow puts artifacts into the working directory.
        place = self._uri.removeprefix("sqlite:///")
        beside = None if place == self._uri else Path(place).with_name("mlflow-artifacts").as_uri()
        return str(client.create_experiment(self._options.experiment, artifact_location=beside))


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:500]

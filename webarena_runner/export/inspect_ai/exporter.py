"""The exporter `inspect`: a run as a log of Inspect."""

import secrets
from math import sqrt
from pathlib import Path
from typing import Any, ClassVar, Self

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.episodes import episodes
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import place_in, sha256_of
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.types import RunManifest

NAME, SUFFIX = "inspect", ".eval"


class InspectOptions(PlugInOptions):
    """Needs the extra `inspect`: [](../export/inspect.md)."""

    pictures: bool = True
    """put the pictures of the pages into the log, which is held in memory while it is written"""


class Inspect:
    """A log of Inspect (UK AISI): RUN.eval in the folder TARGET, or in `inspect/` beside the runs."""

    Options = InspectOptions
    needs: ClassVar[tuple[str, ...]] = ("inspect_ai",)

    def __init__(self, target: Path, options: InspectOptions) -> None:
        self._target, self._options = target, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file that is no log."""
        target = Path(setup.target).expanduser() if setup.target else setup.out / NAME
        if target.suffix != SUFFIX and target.exists() and not target.is_dir():
            raise ConfigError(f"{NAME}={target}: is a file; expected a folder for logs, or a file NAME{SUFFIX}")
        return cls(target, setup.options)

    def export(self, folder: Path) -> str:
        from inspect_ai.log import write_eval_log

        report = load_run(folder)
        is_file = self._target.suffix == SUFFIX
        target = self._target if is_file else self._target / f"{report.run_id}{SUFFIX}"
        new = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{SUFFIX}")
        log, faults = _log(report, with_pictures=self._options.pictures)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_eval_log(log, new)
            new.replace(target)
        except OSError as error:
            raise StoreError(f"cannot write {place_in(error, target)}: {error.strerror}") from error
        finally:
            new.unlink(missing_ok=True)
        said = f"{target}: {len(log.samples or ())} of {len(report.manifest.planned)} episodes"
        return "\n".join((said, *(f"  could not be read: {fault}" for fault in faults)))


def _log(report: RunReport, *, with_pictures: bool) -> tuple[Any, list[str]]:
    """The log, and what of the run could not be read."""
    from inspect_ai.log import EvalLog, EvalStats

    from webarena_runner.export.inspect_ai.samples import sample_of

    manifest = report.manifest
    model = manifest.model_name if manifest.config["model"] else manifest.agent
    sees = (manifest.config["model"] or {}).get("images") == "screenshot"
    samples, faults = [], list(report.damaged)
    for episode in episodes(report):
        pictures = RunPaths(report.folder).episode(*episode.key).folder if with_pictures else None
        samples.append(sample_of(episode, run_id=report.run_id, model=model, folder=pictures, sees=sees))
        faults += [f"{episode.name}: {fault}" for fault in episode.faults]
    ends = [result.finished_at for result in report.results.values()]
    whole = len(report.results) == len(manifest.planned)
    log = EvalLog(
        status="success" if whole else "cancelled",
        eval=_spec(report, model),
        results=_results(report),
        stats=EvalStats(started_at=manifest.started_at.isoformat(), completed_at=max(ends).isoformat() if ends else ""),
        samples=samples,
    )
    return log, faults


def _spec(report: RunReport, model: str) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalSpec

    manifest, ids = report.manifest, list(dict.fromkeys(key[0] for key in report.manifest.planned))
    trials = max((trial for _, trial in manifest.planned), default=0) + 1
    identity = sha256_of(f"{NAME}:{report.run_id}".encode())[:22]
    return EvalSpec(
        eval_id=identity,
        run_id=report.run_id,
        task_id=identity,
        created=manifest.started_at.isoformat(),
        task=manifest.task_set,
        task_version=manifest.task_set_sha256[:12],
        solver=manifest.agent,
        dataset=EvalDataset(name=manifest.task_set, samples=len(ids), sample_ids=ids, shuffled=False),
        model=model,
        config=EvalConfig(epochs=trials, epochs_reducer=["mean"]),
        packages={name: version for name, version in manifest.versions.items() if version},
        metadata=_told(manifest),
    )


def _told(manifest: RunManifest) -> dict[str, Any]:
    told = manifest.model_dump(include={"profile", "agent", "judge", "caution", "prompt_sha256", "config_sha256"})
    told |= {"profile_changes": list(manifest.profile_overrides)}
    return {name: value for name, value in told.items() if value}


def _results(report: RunReport) -> Any:
    """Inspect's accuracy leaves errors out; the rate of all that was planned is beside it."""
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    from webarena_runner.export.inspect_ai.samples import SCORER

    values = [result.value for result in report.results.values() if result.value is not None]
    planned = len(report.manifest.planned)
    figures = {"success_rate": len(report.passed) / planned if planned else 0.0}
    if values:
        mean = sum(values) / len(values)
        figures |= {"accuracy": mean}
        if len(values) > 1:
            spread = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
            figures |= {"stderr": sqrt(spread / len(values))}
    return EvalResults(
        total_samples=planned,
        completed_samples=len(values),
        scores=[
            EvalScore(
                name=SCORER,
                scorer=SCORER,
                scored_samples=len(values),
                unscored_samples=planned - len(values),
                metrics={name: EvalMetric(name=name, value=value) for name, value in figures.items()},
            )
        ],
    )

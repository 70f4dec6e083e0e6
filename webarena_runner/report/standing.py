"""How far a run is by its results, once nobody plays it: its status may have been written before the last of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webarena_runner.log import reading
from webarena_runner.log.writing import is_going_on
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.types import RunStatus


def as_on_disk(folder: Path, said: RunStatus) -> RunStatus:
    """The status of a run that nobody plays, with what its results come to. Raises StoreError."""
    return said.model_copy(update={**_counts(load_run(folder)), "under_way": (), "eta_s": None})


def status_of_results(folder: Path) -> RunStatus:
    """Of a run whose folder has no status: one of an earlier version, an import, or one that just begins.

    Raises:
        StoreError: it is no run, or its manifest is damaged.
    """
    report = load_run(folder)
    manifest = report.manifest
    state = "running" if is_going_on(folder) else "stopped" if report.total.missing else "finished"
    beat = datetime.now(UTC) if state == "running" else manifest.finished_at or manifest.started_at
    about = {"run_id": folder.name, "state": state, "pid": 0, "host": ""}
    return RunStatus.model_validate(
        {**about, "started_at": manifest.started_at, "heartbeat_at": beat, **_counts(report)}
    )


def _counts(report: RunReport) -> dict[str, Any]:
    total, (cost_usd, tokens) = report.total, reading.used(report.folder)
    return {
        "total": total.planned,
        "done": total.planned - total.missing,
        "passed": total.passed,
        "failed": total.failed,
        "errored": total.errored,
        "left": total.missing,
        "tokens": tokens,
        "cost_usd": cost_usd,
    }

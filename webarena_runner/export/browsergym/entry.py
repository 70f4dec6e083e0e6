"""A run as the leaderboard's record, and what of it AgentLab's strict mode would refuse.

The leaderboard (the space ServiceNow/browsergym-leaderboard) takes one JSON file a benchmark, a list of such records.
Its standard errors are those of AgentLab: of a share, with all tasks taken for independent of each other.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.log.lines import printable
from webarena_runner.report.summary import RunReport
from webarena_runner.types import RunManifest


@dataclass(frozen=True)
class Benchmark:
    """As the leaderboard calls it; `count` is of its tasks."""

    name: str
    file: str
    count: int


@dataclass(frozen=True)
class Claims:
    """What only the submitter can say of an agent."""

    agent_name: str
    benchmark_specific: str
    benchmark_tuned: str
    reproducible: str
    original_or_reproduced: str
    comments: str


BENCHMARKS = {
    "webarena": Benchmark("WebArena", "webarena.json", 812),
    "visualwebarena": Benchmark("VisualWebArena", "visualwebarena.json", 910),
}
PROFILE = "webarena"
NOTHING = "NA"


def benchmark_of(manifest: RunManifest) -> Benchmark:
    """Raises ConfigError for a run whose numbers are not those of a benchmark that the leaderboard has."""
    known = BENCHMARKS.get(manifest.task_set)
    if known is None:
        raise ConfigError(
            f"run {manifest.run_id} is of {manifest.task_set}, which BrowserGym's leaderboard does not have; it takes "
            f"runs of {', '.join(BENCHMARKS)}"
        )
    if manifest.caution:
        raise ConfigError(f"run {manifest.run_id} is none of {known.name}: {manifest.caution}")
    if manifest.task_set_modified:
        raise ConfigError(
            f"run {manifest.run_id} is of a task file that is not the official one: its numbers are not {known.name}'s"
        )
    return known


def entry_of(report: RunReport, benchmark: Benchmark, claims: Claims) -> dict[str, Any]:
    """Score and standard error are in percent, with one digit as all of the leaderboard's."""
    rate, planned = report.total.success_rate, report.total.planned
    error = math.sqrt(rate * (1 - rate) / planned) if planned else 0.0
    deviations = list(deviations_of(report, benchmark))
    said = [claims.comments, *deviations]
    return {
        "agent_name": claims.agent_name,
        "study_id": report.run_id,
        "date_time": f"{report.manifest.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "benchmark": benchmark.name,
        "score": round(100 * rate, 1),
        "std_err": round(100 * error, 1),
        "benchmark_specific": claims.benchmark_specific,
        "benchmark_tuned": claims.benchmark_tuned,
        "followed_evaluation_protocol": "No" if deviations else "Yes",
        "reproducible": claims.reproducible,
        "comments": printable("; ".join(filter(None, said))) or NOTHING,
        "original_or_reproduced": claims.original_or_reproduced,
    }


def deviations_of(report: RunReport, benchmark: Benchmark) -> Iterator[str]:
    """Why a reader would not call it the benchmark's evaluation."""
    manifest, total = report.manifest, report.total
    if manifest.imported:
        yield f"imported ({manifest.imported.kind}), not run by webarena-runner"
    if report.tasks != benchmark.count:
        yield f"subset of {report.tasks} of {benchmark.count} tasks"
    if total.missing:
        yield f"{total.missing} of {total.planned} episodes have not run"
    if total.errored:
        yield f"{total.errored} of {total.planned} episodes ended in an error and count as not passed"
    if manifest.profile != PROFILE:
        yield f"profile {manifest.profile}"
    if manifest.profile_overrides:
        yield f"changed settings: {', '.join(manifest.profile_overrides)}"
    if report.undecided:
        yield f"{report.undecided} episodes need a judge, and there was none"


def refused_by_strict_mode(report: RunReport) -> list[str]:
    """Rules of AgentLab 0.4.2, by which it appends a study to its journal with strict_reproducibility."""
    total = report.total
    found = []
    if total.errored:
        found.append(f"no errors: there are {total.errored}")
    ended = total.planned - total.missing
    if total.missing:
        found.append(f"complete studies: {ended} of {total.planned} episodes ended")
    if "+changes" in report.manifest.versions.get("git", ""):
        found.append("code without uncommitted changes: the run's had some")
    return found


def agent_name_of(manifest: RunManifest) -> str:
    model = manifest.model_name
    return manifest.agent if model == manifest.agent else f"{manifest.agent}-{model.rpartition('/')[2]}"


def folder_name(agent_name: str) -> str:
    """Raises ConfigError when nothing of the name can be in one."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", agent_name).strip("-.")
    if not name:
        raise ConfigError(f"-o agent_name={agent_name}: has no letter or digit; expected a name such as MyAgent-GPT-4o")
    return name

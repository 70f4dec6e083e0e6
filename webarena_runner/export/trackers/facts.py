"""What experiment trackers get of a run: a name, parameters as texts, and numbers; of the settings few, and no keys."""

import re
from dataclasses import dataclass

from webarena_runner import __version__
from webarena_runner.log.files import sha256_of
from webarena_runner.report.summary import Counts, RunReport

PROJECT = "webarena-runner"
# Of what all three take in names.
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Tracked:
    """`run_id` is the folder's name; `key` the same in letters that every tracker takes."""

    run_id: str
    params: dict[str, str]
    metrics: dict[str, float]

    @property
    def key(self) -> str:
        plain = _NAME.sub("-", self.run_id)
        return plain if plain == self.run_id else f"{plain}-{sha256_of(self.run_id.encode())[:8]}"


def tracked(report: RunReport) -> Tracked:
    return Tracked(report.run_id, _params(report), _metrics(report))


def _params(report: RunReport) -> dict[str, str]:
    manifest = report.manifest
    settings = manifest.config.get("settings", {})
    facts = manifest.model_dump(include={"model", "agent", "judge", "task_set", "profile", "scope", "caution", "sites"})
    facts |= {
        "run_id": report.run_id,
        "started_at": manifest.started_at.isoformat(),
        "profile_changes": ", ".join(manifest.profile_overrides),
        "prompt": settings.get("prompt", ""),
        "trials": settings.get("trials", ""),
        "seed": settings.get("seed", ""),
        "config_sha256": manifest.config_sha256,
        "task_set_sha256": manifest.task_set_sha256,
        "prompt_sha256": manifest.prompt_sha256,
        "webarena_runner": __version__,
    }
    return {name: str(value) for name, value in facts.items() if value not in ("", None)}


def _metrics(report: RunReport) -> dict[str, float]:
    metrics = _counts("", report.total) | {
        "steps": float(report.steps),
        "tokens": float(report.tokens),
        "wall_s": report.wall_s,
    }
    if report.interval:
        metrics["success_rate_low"], metrics["success_rate_high"] = report.interval
    if report.cost_usd is not None:
        metrics["cost_usd"] = report.cost_usd
    for sites, counts in report.by_site.items():
        metrics |= _counts(f"site/{_NAME.sub('_and_', sites) or 'none'}/", counts)
    return metrics


def _counts(prefix: str, counts: Counts) -> dict[str, float]:
    return {f"{prefix}{name}": float(value) for name, value in counts.as_json().items()}

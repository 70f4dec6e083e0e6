"""A run in progress as the live page shows it: read anew from the files that changed, nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from webarena_runner.errors import StoreError
from webarena_runner.log.files import is_file
from webarena_runner.log.paths import AttemptPaths, Key, RunPaths, task_name
from webarena_runner.log.reading import read_last_step, read_manifest, read_result, total_usd
from webarena_runner.report import units
from webarena_runner.report.html import links
from webarena_runner.report.html.filters import brief
from webarena_runner.report.summary import RunReport, load_run, not_passed
from webarena_runner.types import EpisodeResult, RunManifest, Step, TaskId
from webarena_runner.view.runs import status_of

SHOWN_ENDED = 12
INTENT_CHARACTERS = 160


@dataclass
class LiveRun:
    """Results and running episodes of one run; `update` takes in what has changed since."""

    folder: Path
    manifest: RunManifest
    results: dict[Key, EpisodeResult]
    intents: Mapping[TaskId, str]
    playing: dict[Key, Step | None] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises StoreError."""
        report = load_run(folder)
        tasks = {task_id: report.task(task_id) for task_id, _ in report.manifest.planned}
        intents = {task_id: brief(task.intent, INTENT_CHARACTERS) for task_id, task in tasks.items() if task}
        live = cls(folder, report.manifest, dict(report.results), intents)
        live._look_at(paths for paths in RunPaths(folder).episodes() if paths.key not in live.results)
        return live

    def update(self, changed: Iterable[Path]) -> None:
        """Raises StoreError."""
        paths = RunPaths(self.folder)
        names = set()
        for path in changed:
            parts = path.relative_to(self.folder).parts
            if path == paths.manifest:
                self.manifest = read_manifest(self.folder)
            elif len(parts) > 1 and (attempt := paths.attempt(parts[1])) is not None and attempt.number is None:
                names.add(attempt)
        self._look_at(names)

    def _look_at(self, episodes: Iterable[AttemptPaths]) -> None:
        for paths in episodes:
            result = _result(paths)
            if result is not None:
                self.results[paths.key] = result
                self.playing.pop(paths.key, None)
            elif paths.folder.is_dir():
                self.results.pop(paths.key, None)
                self.playing[paths.key] = _last_step(paths)

    def state(self) -> dict[str, Any]:
        """All that the page shows, as texts: `fields` by name, then the episodes that run and those that ended last."""
        report = RunReport(self.folder, self.manifest, self.results)
        total, status = report.total, status_of(report)
        cost = total_usd(result.cost_usd for result in self.results.values())
        ended_at = datetime.now(UTC) if status == "running" else self.manifest.finished_at
        fields = {
            "status": status,
            "rate": units.percent(total.passed / (total.passed + total.failed or 1)),
            "passed": units.number(total.passed),
            "failed": units.number(total.failed),
            "errored": units.number(total.errored),
            "not run": units.number(total.missing),
            "planned": units.number(total.planned),
            "steps": units.number(report.steps),
            "tokens": units.compact(report.tokens),
            "cost": "" if cost is None else units.money(cost),
            "elapsed": units.duration((ended_at - self.manifest.started_at).total_seconds()) if ended_at else "",
        }
        shares = {name: count / (total.planned or 1) for name, count in _shares(report)}
        return {
            "fields": fields,
            "shares": shares,
            "playing": [self._playing(key) for key in self.playing] if status == "running" else [],
            "ended": [self._ended(result) for result in self._latest()],
        }

    def _latest(self) -> list[EpisodeResult]:
        return sorted(self.results.values(), key=lambda result: result.finished_at, reverse=True)[:SHOWN_ENDED]

    def _playing(self, key: Key) -> dict[str, str]:
        paths, step = RunPaths(self.folder).episode(*key), self.playing[key]
        picture = step.screenshot_file if step else None
        return self._named(key) | {
            "step": f"step {step.index + 1}" if step else "starting",
            "action": brief(step.action_text or step.decision.action.kind) if step else "",
            "picture": quote(links.picture(paths, picture)) if picture else "",
            "page": f"{quote(links.episode_page(paths))}{f'#step-{step.index}' if step else ''}",
        }

    def _ended(self, result: EpisodeResult) -> dict[str, str]:
        key = result.task_id, result.trial
        fault = None if result.value == 1 else not_passed(key, result)
        return self._named(key) | {
            "became": fault.became if fault else "passed",
            "why": brief(fault.why) if fault else "",
            "steps": f"{result.steps} steps",
            "wall": units.duration(result.wall_s),
            "page": quote(links.episode_page(RunPaths(self.folder).episode(*key))),
        }

    def _named(self, key: Key) -> dict[str, str]:
        trials = self.manifest.config["settings"]["trials"]
        return {
            "name": f"{key[0]} trial {key[1]}" if trials > 1 else str(key[0]),
            "intent": self.intents.get(key[0], ""),
            # Of what somebody put there, the plan knows nothing.
            "sites": self.manifest.task_sites.get(task_name(key[0]), ""),
        }


def _shares(report: RunReport) -> Iterable[tuple[str, int]]:
    total = report.total
    return ("passed", total.passed), ("failed", total.failed), ("errored", total.errored), ("not run", total.missing)


def _result(paths: AttemptPaths) -> EpisodeResult | None:
    try:
        return read_result(paths) if is_file(paths.result) else None
    except StoreError:
        # Damaged: the report of the run says how.
        return None


def _last_step(paths: AttemptPaths) -> Step | None:
    try:
        return read_last_step(paths.folder)
    except StoreError:
        return None

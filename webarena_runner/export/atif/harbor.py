"""Harbor's job layout around the trajectories: what `harbor view` reads of a job and of its trials.

JOB/config.json, JOB/result.json                  the job, and its counts by agent, model and task set
JOB/TRIAL/config.json, JOB/TRIAL/result.json      one (task, trial)
JOB/TRIAL/agent/trajectory.json, agent/images/    its document and pictures
JOB/TRIAL/verifier/reward.json                    its score
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from webarena_runner.export.atif.trajectory import agent_of, model_of
from webarena_runner.export.episodes import Episode
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.paths import episode_name, task_name
from webarena_runner.log.reading import total_usd
from webarena_runner.report.summary import RunReport
from webarena_runner.types import EpisodeResult, RunManifest

REWARD = "reward"
Json = dict[str, Any]


def write_trial(folder: Path, target: Path, report: RunReport, episode: Episode) -> None:
    """`target` is where the folder will be. Raises OSError."""
    _write(folder / "config.json", _trial_config(report, episode.name, episode.key, target))
    if (result := episode.result) is None:
        return
    _write(folder / "result.json", _trial_result(report, episode, result, target))
    if result.value is not None:
        (folder / "verifier").mkdir()
        _write(folder / "verifier" / "reward.json", {REWARD: result.value})


def write_job(folder: Path, target: Path, report: RunReport, trials: Sequence[str]) -> None:
    """`trials` are the names of those that were written. Raises OSError."""
    manifest = report.manifest
    results = {
        name: result for key, result in report.results.items() if (name := episode_name(*key)) in frozenset(trials)
    }
    config = {
        "job_name": report.run_id,
        "jobs_dir": str(target.parent),
        "n_attempts": manifest.config["settings"]["trials"],
        "agents": [_agent_config(manifest)],
        "environment": _environment(manifest),
        "datasets": [{"name": manifest.task_set}],
    }
    _write(folder / "config.json", config)
    _write(folder / "result.json", _job_result(report, results))


def _job_result(report: RunReport, results: Mapping[str, EpisodeResult]) -> Json:
    manifest = report.manifest
    ended = max((result.finished_at for result in results.values()), default=None)
    planned = len(manifest.planned)
    stats = {
        "n_completed_trials": len(results),
        "n_errored_trials": sum(result.failure is not None for result in results.values()),
        "n_pending_trials": planned - len(results),
        **_tokens(list(results.values())),
        "cost_usd": total_usd(result.cost_usd for result in results.values()),
        "evals": {_evals_key(manifest): _evaluated(results)} if results else {},
    }
    return {
        "id": str(_id(report.run_id)),
        "started_at": _time(manifest.started_at),
        "updated_at": _time(ended or manifest.started_at),
        "finished_at": _time(ended) if ended and len(results) == planned else None,
        "n_total_trials": planned,
        "stats": stats,
    }


def _tokens(results: Sequence[EpisodeResult]) -> Json:
    """None of no trial are another thing than none used."""
    if not results:
        return {}
    return {
        "n_input_tokens": sum(result.prompt_tokens for result in results),
        "n_cache_tokens": sum(result.cached_tokens for result in results),
        "n_output_tokens": sum(result.completion_tokens for result in results),
    }


def _evaluated(results: Mapping[str, EpisodeResult]) -> Json:
    """As Harbor counts: an errored trial has no reward, and is 0 in the mean."""
    rewards: dict[str, list[str]] = {}
    errors: dict[str, list[str]] = {}
    for name, result in results.items():
        if result.value is not None:
            rewards.setdefault(repr(result.value), []).append(name)
        if result.failure:
            errors.setdefault(_exception(result.failure.error_class), []).append(name)
    return {
        "n_trials": sum(map(len, rewards.values())),
        "n_errors": sum(map(len, errors.values())),
        "metrics": [{"mean": sum(result.value or 0.0 for result in results.values()) / len(results)}],
        "reward_stats": {REWARD: rewards} if rewards else {},
        "exception_stats": errors,
    }


def _trial_config(report: RunReport, name: str, key: tuple[int | str, int], target: Path) -> Json:
    return {
        "task": {"path": f"{report.manifest.task_set}/{task_name(key[0])}", "source": report.manifest.task_set},
        "trial_name": name,
        "trials_dir": str(target.parent),
        "agent": _agent_config(report.manifest),
        "environment": _environment(report.manifest),
        "job_id": str(_id(report.run_id)),
    }


def _trial_result(report: RunReport, episode: Episode, result: EpisodeResult, target: Path) -> Json:
    manifest, agent = report.manifest, agent_of(report.manifest)
    model, (task_id, _) = model_of(manifest), episode.key
    span = {"started_at": _time(result.started_at), "finished_at": _time(result.finished_at)}
    return {
        "id": str(_id(f"{report.run_id}/{episode.name}")),
        "task_name": str(task_id),
        "trial_name": episode.name,
        "trial_uri": target.resolve().as_uri(),
        "task_id": {"path": f"{manifest.task_set}/{task_name(task_id)}"},
        "source": manifest.task_set,
        "task_checksum": sha256_of_json(episode.task.raw) if episode.task else "",
        "config": _trial_config(report, episode.name, episode.key, target),
        "agent_info": {
            "name": agent["name"],
            "version": agent["version"],
            "model_info": {"name": model} if model else None,
        },
        "agent_result": {
            "n_input_tokens": result.prompt_tokens,
            "n_cache_tokens": result.cached_tokens,
            "n_output_tokens": result.completion_tokens,
            "cost_usd": result.cost_usd,
            "metadata": {"ending": str(result.ending), "answer": result.answer, "steps": result.steps},
        },
        "verifier_result": None if result.value is None else {"rewards": {REWARD: result.value}},
        "exception_info": _exception_info(result),
        "agent_execution": span,
        **span,
    }


def _exception_info(result: EpisodeResult) -> Json | None:
    if (failure := result.failure) is None:
        return None
    return {
        "exception_type": _exception(failure.error_class),
        "exception_message": failure.message,
        "exception_traceback": failure.traceback,
        "occurred_at": _time(result.finished_at),
    }


def _exception(error_class: str) -> str:
    return f"{error_class.capitalize()}Error"


def _agent_config(manifest: RunManifest) -> Json:
    return {"name": manifest.agent, "model_name": model_of(manifest)}


def _environment(manifest: RunManifest) -> Json:
    """Without a path Harbor takes its own for it, which is Docker."""
    return {"import_path": f"webarena_runner.environments:{manifest.environment}"}


def _evals_key(manifest: RunManifest) -> str:
    return "__".join(filter(None, (manifest.agent, model_of(manifest), manifest.task_set)))


def _id(name: str) -> UUID:
    """The same for the same run, so that it stays one job when it is exported again."""
    return uuid5(NAMESPACE_URL, f"webarena-runner:{name}")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")

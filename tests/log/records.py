"""Records made by hand for tests of run folders, reports and the CSV."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from webarena_runner.log.writing import RunFolder
from webarena_runner.types import Check, Ending, EpisodeResult, Failure, RunManifest, Task

START = datetime(2026, 1, 1, tzinfo=UTC)


def make_result(task_id: int, value: float | None = 1.0, *, start_s: float = 0, **changes: Any) -> EpisodeResult:
    failure = None
    if value is None:
        failure = Failure(error_class="site", message="connection refused", traceback="...", may_retry=True)
    fields: dict[str, Any] = {
        "task_set": "mini",
        "task_id": task_id,
        "trial": 0,
        "attempt": 1,
        "ending": Ending.ERROR if value is None else Ending.ANSWERED,
        "answer": "",
        "final_url": "",
        "value": value,
        "scores": (),
        "steps": 3,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cached_tokens": 0,
        "started_at": START + timedelta(seconds=start_s),
        "finished_at": START + timedelta(seconds=start_s + 10),
        "wall_s": 10.0,
        "failure": failure,
    }
    return EpisodeResult(**fields | changes)


def make_manifest(run_id: str = "r1", task_ids: tuple[int, ...] = (1, 2, 3), **changes: Any) -> RunManifest:
    fields: dict[str, Any] = {
        "run_id": run_id,
        "started_at": START,
        "profile": "webarena",
        "profile_overrides": (),
        "config": {
            "settings": {"trials": 1, "seed": 0},
            "model": None,
            "tasks": {"expression": "mini"},
            "sites": {"provider": "embedded"},
        },
        "config_sha256": "c",
        "task_set": "mini",
        "scope": "mini",
        "caution": "mini is not WebArena",
        "task_set_sha256": "t",
        "task_set_modified": False,
        "prompt_sha256": "p",
        "model": "oracle",
        "agent": "oracle",
        "agent_note": "reference actions",
        "judge": "",
        "sites": "embedded",
        "planned": tuple((task_id, 0) for task_id in task_ids),
        "task_sites": {str(task_id): "shopping" if task_id % 2 else "reddit" for task_id in task_ids},
        "versions": {},
    }
    return RunManifest(**fields | changes)


def make_task(
    task_id: int, template_id: int | None = None, *, task_set: str = "mini", kinds: Sequence[str] = (), **raw: Any
) -> Task:
    """`raw` are keys of the official record that a test cares for; a check of kind `impossible` expects "N/A"."""
    impossible = Check(kind="string_match", spec={"reference_answers": {"fuzzy_match": "N/A"}})
    return Task(
        task_set=task_set,
        task_id=task_id,
        intent=f"Do what task {task_id} says",
        sites=("shopping" if task_id % 2 else "reddit",),
        start_urls=("__SHOPPING__",),
        login_sites=(),
        template_id=template_id,
        checks=tuple(impossible if kind == "impossible" else Check(kind=kind, spec={}) for kind in kinds),
        raw={"task_id": task_id} | raw,
    )


def write_run(
    out: Path, manifest: RunManifest, results: Sequence[EpisodeResult] = (), tasks: Sequence[Task] = ()
) -> Path:
    """A run folder below `out` that has the results, and the tasks that it planned."""
    ids = dict.fromkeys(task_id for task_id, _ in manifest.planned)
    chosen = tasks or [make_task(int(task_id), task_set=manifest.task_set) for task_id in ids]
    run = RunFolder.create(out / manifest.run_id, manifest, chosen)
    for result in results:
        run.begin(result.task_id, result.trial)
        run.put(result)
    run.close()
    return run.path

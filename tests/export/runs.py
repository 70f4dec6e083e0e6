"""Run folders written by hand, as a run would leave them: for tests of exporters."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.log.records import START, make_manifest, make_result
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.writing import RunFolder
from webarena_runner.types import (
    Click,
    Completion,
    Decision,
    EpisodeResult,
    Observation,
    RunManifest,
    Score,
    Step,
    Stop,
    TaskId,
)

MODEL = {
    "name": "llama3-vllm",
    "backend": "openai_chat",
    "model": "meta-llama/Meta-Llama-3-8B-Instruct",
    "options": {},
    "leaderboard": {"release_date": "04/2024", "open_weights": True, "size_b": 8, "work": "Llama 3"},
}


def write_run(
    folder: Path,
    results: Sequence[EpisodeResult],
    *,
    steps: Mapping[TaskId, Sequence[Step]] | None = None,
    manifest: RunManifest | None = None,
) -> Path:
    """The folder, with every result and the steps of each task id."""
    run = RunFolder.create(folder, manifest or make_manifest(folder.name), [])
    for result in results:
        log = run.begin(result.task_id, result.trial)
        for step in (steps or {}).get(result.task_id, ()):
            log.append(step)
        run.put(result)
    run.close()
    return folder


def model_manifest(run_id: str, **changes: Any) -> RunManifest:
    """Of a run with a model."""
    config = {
        "settings": {"trials": 1, "seed": 3, "prompt": "p_cot_id_actree_2s", "actions": {"action_set": "id"}},
        "model": MODEL,
        "tasks": {"expression": "all"},
        "sites": {"provider": "embedded"},
    }
    sums = {"config_sha256": sha256_of_json(config)}
    return make_manifest(run_id, **{"config": config, "model": "llama3-vllm", "agent": "prompted"} | sums | changes)


def passed(task_id: TaskId, **changes: Any) -> EpisodeResult:
    return make_result(task_id, 1.0, **{"scores": (Score(evaluator="string_match", value=1.0),)} | changes)  # type: ignore[arg-type]


def failed(task_id: TaskId, why: str = "expected 'two', got 'three'", **changes: Any) -> EpisodeResult:
    score = Score(evaluator="string_match", value=0.0, explanation=why)
    return make_result(task_id, 0.0, **{"scores": (score,), "answer": "three"} | changes)  # type: ignore[arg-type]


def errored(task_id: TaskId, **changes: Any) -> EpisodeResult:
    return make_result(task_id, None, **changes)  # type: ignore[arg-type]


def a_step(index: int, *, text: str = "[1] link 'Home'", answer: str | None = None, **changes: Any) -> Step:
    """A click, or with `answer` the stop."""
    action = Click(element_id="1") if answer is None else Stop(answer=answer)
    completion = Completion(text=f"I do it. {action.kind}", prompt_tokens=100, completion_tokens=7, latency_s=1.5)
    fields: dict[str, Any] = {
        "index": index,
        "started_at": START,
        "observation": Observation(url="http://127.0.0.1/", tabs=("Home",), text=text),
        "decision": Decision(action=action, completion=completion),
        "action_text": f"{action.kind} [{answer or 1}]",
        "timings_ms": {"execute": 12.5},
    }
    return Step(**fields | changes)


def small_run(out: Path, run_id: str = "r1", **changes: Any) -> Path:
    """Of three planned tasks one passed, one failed, and one ended in an error; a fourth has not run."""
    manifest = model_manifest(run_id, **{"task_ids": (1, 2, 3, 4)} | changes)
    steps = {1: [a_step(0), a_step(1, answer="two")], 2: [a_step(0, answer="three")]}
    return write_run(out / run_id, [passed(1), failed(2), errored(3)], steps=steps, manifest=manifest)

"""What the package `atif` lets through: missing pictures, calls that are not there, sums that are none, ids twice."""

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from webarena_runner.export.atif.trajectory import SCHEMA

Json = dict[str, Any]
_TOTALS = {
    "total_prompt_tokens": "prompt_tokens",
    "total_completion_tokens": "completion_tokens",
    "total_cached_tokens": "cached_tokens",
    "total_cost_usd": "cost_usd",
}


def faults_in(document: Json, folder: Path) -> list[str]:
    """Why a document is not what ATIF 1.8 means; `folder` is the one that paths of pictures are relative to."""
    steps = document["steps"]
    faults = [] if document["schema_version"] == SCHEMA else [f"schema_version is {document['schema_version']!r:.40}"]
    if [step["step_id"] for step in steps] != list(range(1, len(steps) + 1)):
        faults.append("step_id does not count from 1")
    seen: set[str] = set()
    for step in steps:
        where = f"step {step['step_id']}"
        faults += [f"{where}: {fault}" for fault in (*_calls(step, seen), *_pictures(step, folder), *_counts(step))]
    return [*faults, *_sums(document)]


def _calls(step: Json, seen: set[str]) -> Iterator[str]:
    own = [call["tool_call_id"] for call in step.get("tool_calls", ())]
    for each in own:
        if each in seen:
            yield f"tool_call_id {each!r} is there twice"
        seen.add(each)
    for result in step.get("observation", {}).get("results", ()):
        if (source := result.get("source_call_id")) is not None and source not in own:
            yield f"source_call_id {source!r} is of no call of this step"


def _pictures(step: Json, folder: Path) -> Iterator[str]:
    for result in step.get("observation", {}).get("results", ()):
        for part in result.get("content", ()):
            if part["type"] != "image":
                continue
            path = PurePosixPath(part["source"]["path"])
            if path.is_absolute() or ".." in path.parts:
                yield f"picture {path} is not below the document"
            elif not (folder / path).is_file():
                yield f"picture {path} is not there"


def _counts(step: Json) -> Iterator[str]:
    metrics = step.get("metrics")
    if metrics is None:
        return
    if not step.get("llm_call_count"):
        yield "has metrics, but no call of a model"
    for key in _TOTALS.values():
        if (value := metrics.get(key)) is not None and not (math.isfinite(value) and value >= 0):
            yield f"{key} is {value}"
    if metrics.get("cached_tokens", 0) > metrics.get("prompt_tokens", math.inf):
        yield "has more cached tokens than prompt tokens"
    ids, logprobs = metrics.get("completion_token_ids"), metrics.get("logprobs")
    if ids is not None and logprobs is not None and len(ids) != len(logprobs):
        yield f"has {len(ids)} token ids, but {len(logprobs)} logprobs"


def _sums(document: Json) -> Iterator[str]:
    totals, steps = document["final_metrics"], document["steps"]
    for total, key in _TOTALS.items():
        found = [step["metrics"][key] for step in steps if key in step.get("metrics", {})]
        if not math.isclose(totals.get(total, 0), sum(found), rel_tol=1e-9, abs_tol=1e-12):
            yield f"final_metrics: {total} is {totals.get(total)}, the steps have {sum(found)}"
    if totals["total_steps"] != len(steps):
        yield f"final_metrics: total_steps is {totals['total_steps']}, there are {len(steps)}"

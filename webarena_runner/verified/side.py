"""Runs in the Python that has webarena-verified, and imports nothing of ours: a job a line in, what it says a line out.

A job has `task` (a record in webarena-verified's form), `official` (whether it is one of the package's own file),
`response` (the agent's answer), `entries` (of a HAR), `environments` (the sites' addresses) and `without_bodies`.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

KEYS = (
    *("sites", "task_id", "intent_template_id", "start_urls", "intent", "eval", "intent_template"),
    *("instantiation_dict", "revision"),
)


def main() -> None:
    # Whatever the package prints is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="wa-run-verified-") as folder:
        for line in sys.stdin:
            job = json.loads(line)
            try:
                said = {"id": job["id"], "verdict": verdict(job, Path(folder) / "task.json")}
            except Exception as error:  # noqa: BLE001 - told to the other side, which knows what it asked
                said = {"id": job["id"], "error": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}
            answers.write(json.dumps(said) + "\n")
            answers.flush()


def verdict(job: dict[str, Any], task_file: Path) -> dict[str, Any]:
    from webarena_verified.api.internal.evaluator import WebArenaVerifiedEvaluator
    from webarena_verified.types.config import WebArenaVerifiedConfig
    from webarena_verified.types.eval import TaskEvalContext
    from webarena_verified.types.task import WebArenaVerifiedTask
    from webarena_verified.types.tracing import NetworkTrace

    record = {key: job["task"][key] for key in KEYS if key in job["task"]}
    config = {"environments": job["environments"]}
    if not job["official"]:
        task_file.write_text(json.dumps([record]), encoding="utf-8")
        config["test_data_file"] = str(task_file)
    entries = [without_body(entry) for entry in job["entries"]] if job["without_bodies"] else job["entries"]
    settings = WebArenaVerifiedConfig.model_validate(config)
    context = TaskEvalContext(
        task=WebArenaVerifiedTask.model_validate(record),
        agent_response_raw=job["response"],
        network_trace=NetworkTrace.from_content(entries),
        config=settings,
    )
    evaluator = WebArenaVerifiedEvaluator(config=settings, reader=None)
    said = json.loads(evaluator.evaluate_task(context=context).model_dump_json())
    return {
        "status": said["status"],
        "score": said["score"],
        "error": said["error_msg"] or "",
        "evaluators": [part(each) for each in said["evaluators_results"]],
        "version": said["webarena_verified_version"],
        "evaluator_checksum": said["webarena_verified_evaluator_checksum"],
        "data_checksum": said["webarena_verified_data_checksum"],
    }


def part(result: dict[str, Any]) -> dict[str, Any]:
    """What one of its evaluators says, and of what."""
    assertions = result["assertions"] or ()
    messages = [text for each in assertions for text in each["assertion_msgs"] or (each["assertion_name"],)]
    return {
        "name": result["evaluator_name"],
        "status": result["status"],
        "score": result["score"],
        "says": [*messages, *filter(None, [result["error_msg"]])],
        "actual": result["actual_normalized"],
        "expected": result["expected"],
    }


def without_body(entry: dict[str, Any]) -> dict[str, Any]:
    """As in a trace of Playwright's, which has no text of what was sent."""
    posted = entry["request"].get("postData")
    if posted is None:
        return entry
    return {**entry, "request": {**entry["request"], "postData": {**posted, "text": "", "params": []}}}


if __name__ == "__main__":
    main()

"""Runs as logs of Inspect, read by the package itself, in the environment of the trackers (`make peer-test`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.export.runs import a_step, errored, failed, model_manifest, passed, write_run
from tests.log.records import make_manifest
from webarena_runner.types import Click, Completion, Decision, Message, Stop, ToolCall

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TRACKERS_PYTHON", ROOT / ".venv-trackers" / "bin" / "python"))
LIMIT_S = 180
READ = """
import json, sys
from inspect_ai.analysis import messages_df, samples_df
from inspect_ai.log import read_eval_log
log = read_eval_log(sys.argv[1])
rows = samples_df(sys.argv[1], strict=True)
print(json.dumps({
    "status": log.status,
    "metrics": {name: metric.value for name, metric in log.results.scores[0].metrics.items()},
    "samples": [sample.model_dump(mode="json") for sample in log.samples],
    "rows": json.loads(rows.to_json(orient="records")),
    "messages": list(messages_df(sys.argv[1])["role"]),
}))
"""


def python(*arguments: str, cwd: Path) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [PYTHON, *arguments], env=environ, cwd=cwd, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(folder: Path) -> dict[str, Any]:
    python("-m", "webarena_runner.cli", "export", str(folder), "--to", "inspect", cwd=folder.parent)
    read: dict[str, Any] = json.loads(
        python("-c", READ, str(folder.parent / "inspect" / f"{folder.name}.eval"), cwd=folder.parent)
    )
    return read


def test_a_run_is_a_log_with_the_prompt_of_each_step_and_the_score_of_each_trial(tmp_path: Path) -> None:
    call = ToolCall(name="click", arguments='{"element_id": "1"}', id="c1")
    prompt = (Message(role="system", content="INTRO"), Message(role="user", content="PAGE"))
    calling = Decision(
        action=Click(element_id="1"),
        messages=prompt,
        completion=Completion(text="", tool_calls=(call,), prompt_tokens=100, cached_tokens=60, completion_tokens=7),
    )
    answered = Decision(
        action=Stop(answer="two"),
        messages=(*prompt, Message(role="tool", content="done", answers=call)),
        completion=Completion(text="It is two.", prompt_tokens=10, completion_tokens=1, cost_usd=0.5),
    )
    steps = {1: [a_step(0, decision=calling), a_step(1, decision=answered)], 2: [a_step(0, answer="three")]}
    manifest = model_manifest("r1", task_ids=(1, 2, 3, 4))
    read = exported(write_run(tmp_path / "r1", [passed(1), failed(2), errored(3)], steps=steps, manifest=manifest))
    assert read["status"] == "cancelled", "task 4 has not run"
    assert read["metrics"] == {"success_rate": 0.25, "accuracy": 0.5, "stderr": 0.5}
    first, second, third = read["samples"]
    assert (first["id"], first["epoch"], first["scores"]["webarena"]["value"]) == (1, 1, 1.0)
    assert "expected 'two', got 'three'" in second["scores"]["webarena"]["explanation"]
    assert third["scores"] is None
    assert third["error"]["message"]
    asked = [event for event in first["events"] if event["event"] == "model"]
    assert [message["role"] for message in asked[1]["input"]] == ["system", "user", "tool"]
    assert asked[0]["output"]["choices"][0]["message"]["tool_calls"][0]["arguments"] == {"element_id": "1"}
    (usage,) = first["model_usage"].values()
    assert (usage["input_tokens"], usage["input_tokens_cache_read"], usage["output_tokens"]) == (50, 60, 8)
    assert usage["total_cost"] == 0.5
    assert all(row["total_time"] is not None for row in read["rows"])
    assert {"system", "user", "assistant", "tool"} <= set(read["messages"])


def test_a_run_without_a_model_has_its_pages_as_messages_and_is_the_same_when_it_is_exported_again(
    tmp_path: Path,
) -> None:
    step = a_step(0, answer="two", decision=Decision(action=Stop(answer="two")))
    folder = write_run(tmp_path / "r2", [passed(1)], steps={1: [step]}, manifest=make_manifest("r2", task_ids=(1,)))
    read = exported(folder)
    assert read["status"] == "success"
    assert read["messages"] == ["user", "assistant"]
    assert "[1] link 'Home'" in read["samples"][0]["messages"][1]["content"]
    assert [sample["uuid"] for sample in exported(folder)["samples"]] == [sample["uuid"] for sample in read["samples"]]
    assert [path.name for path in (tmp_path / "inspect").iterdir()] == ["r2.eval"]

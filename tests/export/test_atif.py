"""The exporter `atif`: documents that the format's own package takes, and checks of what that package lets through."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atif
import pytest

from tests.cli.conftest import Invoke
from tests.export.runs import a_step, errored, failed, model_manifest, passed, small_run, write_run
from tests.log.records import make_manifest
from webarena_runner.export.atif.checks import faults_in
from webarena_runner.log.writing import RunFolder
from webarena_runner.types import Completion, Decision, Invalid, Observation, Step, Stop

PICTURE = b"\xff\xd8\xff a picture"


def pictured(index: int, **changes: Any) -> Step:
    seen = Observation(url="http://127.0.0.1/", tabs=("Home",), text="[1] link 'Home'", screenshot=PICTURE)
    return a_step(index, observation=seen, screenshot_file=f"step-{index:03d}.jpeg", **changes)


def run_with_pictures(out: Path, run_id: str = "r1") -> Path:
    run = RunFolder.create(out / run_id, model_manifest(run_id, task_ids=(7,)), [])
    log = run.begin(7, 0)
    for step in (pictured(0), pictured(1), a_step(2, answer="two")):
        log.append(step, PICTURE if step.screenshot_file else None)
    run.put(passed(7, steps=3, prompt_tokens=300, completion_tokens=21))
    run.close()
    return out / run_id


def document(out: Path, run_id: str, episode: str, *below: str) -> dict[str, Any]:
    return json.loads(out.joinpath("atif", run_id, episode, *below, "trajectory.json").read_text())


def index(out: Path, run_id: str, kind: str = "atif") -> dict[str, Any]:
    return json.loads((out / kind / run_id / "export.json").read_text())


def test_the_package_of_the_format_takes_what_is_written(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    assert (done.code, done.err) == (0, "")
    assert "3 of 4 episodes; 1 have not run" in done.out
    read = [atif.Trajectory.model_validate(document(tmp_path, "r1", f"{task}.0")) for task in (1, 2, 3)]
    assert [each.schema_version for each in read] == ["ATIF-v1.8"] * 3
    assert [each.extra["reward"] for each in read if each.extra] == [1.0, 0.0, None]
    assert read[0].agent.model_name == "meta-llama/Meta-Llama-3-8B-Instruct"


def test_a_step_has_its_call_the_page_that_came_of_it_and_its_tokens(tmp_path: Path, invoke: Invoke) -> None:
    run_with_pictures(tmp_path)
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    read = document(tmp_path, "r1", "7.0")
    assert [step["source"] for step in read["steps"]] == ["user", "system", "agent", "agent", "agent"]
    first, _, last = read["steps"][2:]
    assert first["tool_calls"] == [
        {"tool_call_id": "call-0", "function_name": "click", "arguments": {"element_id": "1"}}
    ]
    page = first["observation"]["results"][0]
    assert page["source_call_id"] == "call-0"
    assert page["content"][1] == {
        "type": "image",
        "source": {"media_type": "image/jpeg", "path": "images/step-001.jpeg"},
    }
    assert (tmp_path / "atif" / "r1" / "7.0" / "images" / "step-001.jpeg").read_bytes() == PICTURE
    assert last["tool_calls"][0]["arguments"] == {"answer": "two"}
    assert (first["metrics"]["prompt_tokens"], first["llm_call_count"]) == (100, 1)
    assert read["final_metrics"] == {
        "total_prompt_tokens": 300,
        "total_completion_tokens": 21,
        "total_cached_tokens": 0,
        "total_steps": 5,
    }


def test_a_step_without_a_model_counts_no_call_and_has_no_metrics(tmp_path: Path, invoke: Invoke) -> None:
    steps = {1: [a_step(0, decision=Decision(action=Stop(answer="x")))]}
    write_run(tmp_path / "o", [passed(1)], steps=steps, manifest=make_manifest("o", (1,)))
    invoke("export", "o", "--out", str(tmp_path), "--to", "atif")
    read = document(tmp_path, "o", "1.0")
    assert (read["steps"][-1]["llm_call_count"], "metrics" in read["steps"][-1]) == (0, False)
    atif.Trajectory.model_validate(read)


def test_token_ids_and_logprobs_that_were_recorded_are_there(tmp_path: Path, invoke: Invoke) -> None:
    ids = {"prompt_token_ids": (1, 2), "token_ids": (3, 4), "logprobs": (-0.5, -0.25)}
    counts = {"prompt_tokens": 2, "completion_tokens": 2, "cached_tokens": 1, "cost_usd": 0.25}
    decision = Decision(action=Stop(answer="x"), completion=Completion(text="x", **counts, **ids))  # type: ignore[arg-type]
    steps = {1: [a_step(0, decision=decision)]}
    write_run(tmp_path / "r1", [passed(1)], steps=steps, manifest=model_manifest("r1", task_ids=(1,)))
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    read = atif.Trajectory.model_validate(document(tmp_path, "r1", "1.0"))
    metrics, sums = read.steps[-1].metrics, read.final_metrics
    assert metrics
    assert (metrics.prompt_token_ids, metrics.completion_token_ids, metrics.logprobs) == ([1, 2], [3, 4], [-0.5, -0.25])
    assert sums
    assert (sums.total_prompt_tokens, sums.total_cached_tokens, sums.total_cost_usd) == (2, 1, 0.25)


def test_actions_are_defined_as_tools_in_the_set_that_the_run_used(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    tools = {
        tool["function"]["name"]: tool["function"]
        for tool in document(tmp_path, "r1", "1.0")["agent"]["tool_definitions"]
    }
    assert list(tools)[:3] == ["click", "hover", "type"]
    assert tools["type"]["parameters"]["required"] == ["element_id", "text", "press_enter"]
    assert "playwright" not in tools
    assert "invalid" not in tools


def test_a_reply_without_an_action_calls_nothing_and_says_why(tmp_path: Path, invoke: Invoke) -> None:
    dance = Invalid(raw="dance", reason="unknown action 'dance'")
    step = a_step(0, decision=Decision(action=dance, completion=Completion(text="dance")))
    steps = {1: [step, a_step(1, answer="two")]}
    write_run(tmp_path / "r1", [passed(1)], steps=steps, manifest=model_manifest("r1", task_ids=(1,)))
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    written = document(tmp_path, "r1", "1.0")["steps"][2]
    assert "tool_calls" not in written
    assert written["extra"]["no_action"] == "unknown action 'dance'"
    assert "source_call_id" not in written["observation"]["results"][0]
    assert "prompt_tokens" not in written["metrics"]


def test_what_cannot_be_read_is_named_and_the_rest_is_written(tmp_path: Path, invoke: Invoke) -> None:
    episode = run_with_pictures(tmp_path) / "episodes" / "7.0"
    (episode / "step-001.jpeg").unlink()
    with (episode / "steps.jsonl").open("a") as lines:
        lines.write('{"format":1,"ind')
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    assert done.code == 0
    assert "its last line is cut off" in done.out
    read = document(tmp_path, "r1", "7.0")
    assert len(read["steps"]) == 5
    assert "screenshot 'step-001.jpeg' is missing" in read["notes"]
    assert index(tmp_path, "r1")["notes"][1] == "screenshot 'step-001.jpeg' is missing"


def test_a_picture_that_is_a_way_to_another_file_is_not_copied(tmp_path: Path, invoke: Invoke) -> None:
    episode = run_with_pictures(tmp_path) / "episodes" / "7.0"
    (tmp_path / "secret").write_text("secret")
    (episode / "step-000.jpeg").unlink()
    (episode / "step-000.jpeg").symlink_to(tmp_path / "secret")
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    assert [path.name for path in (tmp_path / "atif").rglob("*.jpeg")] == ["step-001.jpeg"]


def test_an_episode_that_would_be_no_atif_is_left_out_and_said(tmp_path: Path, invoke: Invoke) -> None:
    odd = Decision(action=Stop(answer="x"), completion=Completion(text="x", prompt_tokens=-5))
    steps = {1: [a_step(0, decision=odd)], 2: [a_step(0, answer="three")]}
    write_run(tmp_path / "r1", [passed(1), failed(2)], steps=steps, manifest=model_manifest("r1", task_ids=(1, 2)))
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    assert "1 of 2 episodes; 1 left out, as 1.0: step 3: prompt_tokens is -5" in done.out
    assert not (tmp_path / "atif" / "r1" / "1.0").exists()


def test_a_run_that_is_exported_again_is_replaced(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    target = tmp_path / "elsewhere"
    for _ in range(2):
        done = invoke("export", "r1", "--out", str(tmp_path), "--to", f"atif={target}")
        assert done.code == 0
    assert sorted(path.name for path in target.iterdir()) == ["r1"]


def test_a_folder_of_something_else_stays_as_it_is(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    own = tmp_path / "atif" / "r1"
    own.mkdir(parents=True)
    (own / "notes.txt").write_text("mine")
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    assert done.code == 2
    assert "is no earlier export of atif" in done.err
    assert [path.name for path in (tmp_path / "atif").iterdir()] == ["r1"]
    assert (own / "notes.txt").read_text() == "mine"


def test_a_target_that_is_a_file_is_told_before_anything_is_written(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    (tmp_path / "file").write_text("")
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", f"atif={tmp_path / 'file'}")
    assert (done.code, "is a file" in done.err) == (2, True)


def test_harbors_layout_has_its_counts_and_the_pictures_beside_the_documents(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "atif", "-o", "layout=harbor")
    assert (done.code, done.err) == (0, "")
    job = tmp_path / "harbor" / "r1"
    result = json.loads((job / "result.json").read_text())
    assert result["n_total_trials"] == 4
    stats = result["stats"]
    assert (stats["n_completed_trials"], stats["n_errored_trials"], stats["n_pending_trials"]) == (3, 1, 1)
    evaluated = stats["evals"]["prompted__meta-llama/Meta-Llama-3-8B-Instruct__mini"]
    assert evaluated["reward_stats"] == {"reward": {"1.0": ["1.0"], "0.0": ["2.0"]}}
    assert evaluated["exception_stats"] == {"SiteError": ["3.0"]}
    assert evaluated["metrics"] == [{"mean": pytest.approx(1 / 3)}]
    atif.Trajectory.model_validate(json.loads((job / "1.0" / "agent" / "trajectory.json").read_text()))
    assert json.loads((job / "1.0" / "verifier" / "reward.json").read_text()) == {"reward": 1.0}
    assert json.loads((job / "3.0" / "result.json").read_text())["exception_info"]["exception_type"] == "SiteError"
    assert json.loads((job / "config.json").read_text())["datasets"] == [{"name": "mini"}]


def test_a_run_with_only_errors_and_one_that_has_not_begun_are_exported(tmp_path: Path, invoke: Invoke) -> None:
    write_run(tmp_path / "e", [errored(1)], manifest=model_manifest("e", task_ids=(1,)))
    write_run(tmp_path / "n", [], manifest=model_manifest("n", task_ids=(1,)))
    for run_id, said in (("e", "1 of 1 episodes"), ("n", "0 of 1 episodes; 1 have not run")):
        for layout in ("trajectories", "harbor"):
            done = invoke("export", run_id, "--out", str(tmp_path), "--to", "atif", "-o", f"layout={layout}")
            assert (done.code, said in done.out) == (0, True)
    assert json.loads((tmp_path / "harbor" / "n" / "result.json").read_text())["stats"]["evals"] == {}


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda it: it.update(schema_version="ATIF-v9"), "schema_version is 'ATIF-v9'"),
        (lambda it: it["steps"].pop(1), "step_id does not count from 1"),
        (lambda it: it["steps"][3]["tool_calls"][0].update(tool_call_id="call-0"), "'call-0' is there twice"),
        (lambda it: it["steps"][2]["tool_calls"].clear(), "source_call_id 'call-0' is of no call of this step"),
        (lambda it: picture_of(it).update(path="images/other.jpeg"), "picture images/other.jpeg is not there"),
        (lambda it: picture_of(it).update(path="../x.jpeg"), "picture ../x.jpeg is not below the document"),
        (lambda it: picture_of(it).update(path="/etc/hosts"), "picture /etc/hosts is not below the document"),
        (lambda it: it["steps"][2]["metrics"].update(cached_tokens=101), "more cached tokens than prompt tokens"),
        (lambda it: it["steps"][2]["metrics"].update(cost_usd=float("nan")), "cost_usd is nan"),
        (lambda it: it["steps"][2].update(llm_call_count=0), "has metrics, but no call of a model"),
        (
            lambda it: it["steps"][2]["metrics"].update(completion_token_ids=[1], logprobs=[-0.1, -0.2]),
            "has 1 token ids, but 2 logprobs",
        ),
        (lambda it: it["final_metrics"].update(total_prompt_tokens=1), "total_prompt_tokens is 1, the steps have 300"),
        (lambda it: it["final_metrics"].update(total_steps=9), "total_steps is 9, there are 5"),
    ],
)
def test_what_the_package_lets_through_is_a_fault_here(
    tmp_path: Path, invoke: Invoke, change: Change, fault: str
) -> None:
    run_with_pictures(tmp_path)
    invoke("export", "r1", "--out", str(tmp_path), "--to", "atif")
    read, folder = document(tmp_path, "r1", "7.0"), tmp_path / "atif" / "r1" / "7.0"
    assert faults_in(copy.deepcopy(read), folder) == []
    change(read)
    assert any(fault in each for each in faults_in(read, folder))


def picture_of(document: dict[str, Any]) -> dict[str, Any]:
    source: dict[str, Any] = document["steps"][2]["observation"]["results"][0]["content"][1]["source"]
    return source

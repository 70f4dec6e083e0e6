"""Recorded replies, from a file or from an earlier run."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.log.records import make_manifest
from webarena_runner.errors import ConfigError, ModelBlocked, ModelRefused, StoreError
from webarena_runner.interfaces import RequestTag
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.writing import RunFolder
from webarena_runner.models.replay import Replay
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Decision, Observation, Sampling, Step, Stop


def replay(path: Path | str) -> Replay:
    return Replay(ModelSpec(name="recorded", backend="replay", options={"path": str(path)}), environ={})


async def texts(backend: Replay, task_id: int, steps: int, *, trial: int = 0) -> list[str]:
    tags = [RequestTag("mini", task_id, trial, step) for step in range(steps)]
    return [(await backend.generate([], Sampling(), tag=tag)).text for tag in tags]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.json", '["one", "two"]'),
        ("r.jsonl", '"one"\n"two"\n'),
        ("r.yaml", "- one\n- two\n"),
    ],
)
async def test_one_list_is_for_every_task(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    backend = replay(tmp_path / name)
    assert await texts(backend, 1, 2) == await texts(backend, 9, 2, trial=3) == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.json", '{"1": ["one"], "1.2": ["again"], "*": ["other"]}'),
        ("r.yaml", "1: [one]\n1.2: [again]\n'*': [other]\n"),
    ],
)
async def test_the_nearest_key_is_used(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    backend = replay(tmp_path / name)
    assert await texts(backend, 1, 1) == ["one"]
    assert await texts(backend, 1, 1, trial=2) == ["again"]
    assert await texts(backend, 5, 1) == ["other"]


async def test_when_replies_run_out_the_error_says_so_and_is_final(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"1": ["one"]}')
    backend = replay(tmp_path / "r.json")
    with pytest.raises(ModelRefused, match="no reply for step 1 of task 1, trial 0; 1 are recorded"):
        await texts(backend, 1, 2)
    with pytest.raises(ModelRefused, match="nothing is recorded for task 2"):
        await texts(backend, 2, 1)


def step(index: int, text: str | None) -> Step:
    said = Completion(text=text or "", prompt_tokens=100 + index, completion_tokens=5, cost_usd=2.0)
    return Step(
        index=index,
        started_at=datetime.now(UTC),
        observation=Observation(url="u", tabs=(), text="t"),
        decision=Decision(action=Stop(answer=""), completion=said if text else None),
        action_text="stop []",
    )


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", make_manifest(), [])


async def test_an_earlier_run_is_replayed_step_by_step(run: RunFolder) -> None:
    for key, steps in {(4, 0): [step(0, "a"), step(1, "b")], (4, 1): [step(0, "c")]}.items():
        log = run.begin(*key)
        for each in steps:
            log.append(each)
        with AttemptPaths(log.folder).steps.open("a") as lines:
            lines.write('{"index": 2, "torn')
    backend = replay(run.path)
    assert await texts(backend, 4, 2) == ["a", "b"]
    assert await texts(backend, 4, 1, trial=1) == ["c"]
    found = await backend.generate([], Sampling(), tag=RequestTag("mini", 4, 0, 1))
    assert (found.prompt_tokens, found.completion_tokens, found.cost_usd) == (101, 5, None)


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "RECITATION", "SPII"])
@pytest.mark.parametrize("text", ["", "```click [1]"])
async def test_what_a_filter_ended_is_no_answer_again(run: RunFolder, reason: str, text: str) -> None:
    said = Completion(text=text, finish_reason=reason)
    recorded = step(0, "x")
    run.begin(4, 0).append(
        recorded.model_copy(update={"decision": recorded.decision.model_copy(update={"completion": said})})
    )
    with pytest.raises(ModelBlocked, match=reason):
        await texts(replay(run.path), 4, 1)


def test_a_damaged_step_is_told_with_its_line(run: RunFolder) -> None:
    log = run.begin(4, 0)
    log.append(step(0, "a"))
    with AttemptPaths(log.folder).steps.open("a") as lines:
        lines.write("{}\n")
    with pytest.raises(StoreError, match=r"steps.jsonl, line 2"):
        replay(run.path)


def test_a_run_without_any_reply_is_no_recording(run: RunFolder) -> None:
    run.begin(4, 0).append(step(0, None))
    with pytest.raises(ConfigError, match="no step of this run has a reply"):
        replay(run.path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("r.json", '["one"', "malformed"),
        ("r.json", "3", "expected a list of replies"),
        ("r.json", '{"1": "one"}', "key '1': expected a list of replies, got str"),
        ("r.json", '["one", 2]', "reply 1: expected a text, got 2"),
        ("r.yaml", "a: [", "malformed"),
        ("r.jsonl", json.dumps({"task": 1}) + "\n", "reply 0: expected a text"),
    ],
)
def test_a_malformed_file_is_told(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=told):
        replay(tmp_path / name)


@pytest.mark.parametrize(("path", "told"), [("", "-o model.options.path"), ("no/such", "does not exist")])
def test_a_missing_recording_is_told(path: str, told: str) -> None:
    spec = ModelSpec(name="recorded", backend="replay", options={"path": path})
    with pytest.raises(ConfigError, match=told):
        Replay(spec, environ={})
    assert told in (Replay.availability(spec, {}) or "")


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no run folder"):
        replay(tmp_path)

"""The run folder keeps what is finished, whatever happens to the process."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.run.conftest import MakeManifest, MakeResult
from webarena_runner.errors import StoreError
from webarena_runner.log.files import write_atomically
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import cost_usd, read_results, read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.types import Completion, Decision, Observation, Scroll, Step


def a_step(index: int) -> Step:
    return Step(
        index=index,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        observation=Observation(url="http://127.0.0.1/", tabs=("Home",), text="[1] link 'Home'"),
        decision=Decision(action=Scroll(direction="down")),
        action_text="scroll [down]",
        screenshot_file=f"step-{index:03d}.jpeg",
    )


def test_a_result_counts_as_finished_only_with_a_value(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    for result in (make_result(1), make_result(2, None)):
        run.begin(result.task_id, 0)
        run.put(result)
    run.begin(3, 0)
    assert [key for key, result in read_results(run.path).items() if result.value is not None] == [(1, 0)]
    run.close()


def test_a_new_attempt_keeps_the_earlier_one_apart(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    first = run.begin(7, 0)
    first.append(a_step(0), b"jpeg")
    run.put(make_result(7, None))
    second = run.begin(7, 0)
    assert (first.attempt, second.attempt) == (1, 2)
    assert list(read_steps(second.folder)) == []
    kept = run.path / "attempts" / "7.0.1"
    assert list(read_steps(kept)) == [a_step(0)]
    assert (kept / "step-000.jpeg").read_bytes() == b"jpeg"
    run.close()


def test_attempts_are_numbered_on_across_processes(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    run.begin(7, 0)
    run.begin(7, 0)
    run.close()
    again = RunFolder.reopen(tmp_path / "r1", [])
    assert again.begin(7, 0).attempt == 3
    again.close()


def test_attempts_are_numbered_on_when_one_was_taken_away(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    for _ in range(3):
        run.begin(7, 0)
    (run.path / "attempts" / "7.0.1").rmdir()
    assert run.begin(7, 0).attempt == 4
    assert run.begin(7, 0).attempt == 5
    run.close()


def test_a_copy_that_somebody_keeps_beside_an_episode_is_none(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    episode = run.begin(7, 0)
    run.put(make_result(7, 0.0))
    for name in ("7.0.bak", "7.0 (copy)", "copy.of.7.0"):
        shutil.copytree(episode.folder, episode.folder.with_name(name))
    run.put(make_result(7, 1.0))
    assert [result.value for result in read_results(run.path).values()] == [1.0]
    assert len(RunPaths(run.path).all_attempts()) == 1
    run.close()


def test_a_step_that_a_crash_cut_off_is_left_out(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(7, 0)
    log.append(a_step(0))
    log.append(a_step(1))
    steps = log.folder / "steps.jsonl"
    steps.write_text(steps.read_text()[:-40])
    assert list(read_steps(log.folder)) == [a_step(0)]
    run.close()


def test_a_run_that_is_being_worked_on_is_refused(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    with pytest.raises(StoreError, match="another process"):
        RunFolder.reopen(tmp_path / "r1", [])
    run.close()
    RunFolder.reopen(tmp_path / "r1", []).close()


def test_an_existing_run_is_not_overwritten(tmp_path: Path, make_manifest: MakeManifest) -> None:
    RunFolder.create(tmp_path / "r1", make_manifest(), []).close()
    with pytest.raises(StoreError, match="wa-run resume"):
        RunFolder.create(tmp_path / "r1", make_manifest(), [])


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path, make_manifest: MakeManifest) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write .*file"):
        RunFolder.create(tmp_path / "file" / "r1", make_manifest(), [])


def test_a_damaged_result_is_named(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(7, 0)
    (log.folder / "result.json").write_text("{")
    with pytest.raises(StoreError, match=r"7\.0/result\.json: is damaged: .*`wa-run resume` runs this episode again"):
        read_results(run.path)
    run.close()


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "new \ud800")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_records_round_trip_without_images(tmp_path: Path, make_manifest: MakeManifest) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(1, 0)
    log.append(a_step(0), b"\xff\xd8")
    line = json.loads((log.folder / "steps.jsonl").read_text())
    assert line["observation"]["text"] == "[1] link 'Home'"
    assert "screenshot" not in line["observation"]
    run.close()


def test_a_run_has_cost_what_all_its_attempts_have(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    assert cost_usd(run.path) is None
    run.begin(1, 0)
    run.put(make_result(1, None, cost_usd=0.25))
    run.begin(1, 0)
    run.put(make_result(1, cost_usd=0.5))
    interrupted = run.begin(2, 0)
    for index in range(2):
        paid = Decision(action=Scroll(direction="down"), completion=Completion(text="", cost_usd=1.0))
        interrupted.append(a_step(index).model_copy(update={"decision": paid}))
    run.begin(3, 0)
    run.put(make_result(3))
    assert cost_usd(run.path) == 2.75
    run.close()

"""The run folder keeps what is finished, whatever happens to the process."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.run.conftest import MakeManifest, MakeResult
from webarena_runner.errors import DamagedRecord, StoreError
from webarena_runner.log.files import write_atomically
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import cost_usd, read_results, read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.report.summary import load_run
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


def test_what_a_killed_process_left_of_writing_is_cleared_by_the_next(
    tmp_path: Path, make_manifest: MakeManifest
) -> None:
    run = RunFolder.create(tmp_path / "r", make_manifest(), [])
    episode = run.begin(1, 0).folder
    run.close()
    left = [
        run.path / ".manifest.json.0a1b2c3d",
        run.path / "texts" / ".a.txt.0a1b2c3d",
        episode / ".result.json.ffffffff",
    ]
    own = [run.path / ".notes", episode / ".result.json.keep-this"]
    for path in (*left, *own):
        path.write_text("half a fi")
    RunFolder.reopen(run.path, []).close()
    assert [path.exists() for path in left] == [False] * 3
    assert all(path.exists() for path in own), "only what is called as we call it"


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


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who has no rights; root has all of them."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that others can get to: into pytest's own they cannot."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_what_is_written_has_the_rights_that_the_umask_gives_or_that_it_had(tmp_path: Path) -> None:
    new, shared = tmp_path / "new.json", tmp_path / "shared.csv"
    write_atomically(new, "1")
    shared.write_text("0")
    shared.chmod(0o664)
    os.chown(shared, -1, os.getgroups()[-1] if os.geteuid() else 100)
    group = shared.stat().st_gid
    write_atomically(shared, "1")
    assert [oct(path.stat().st_mode & 0o777) for path in (new, shared)] == ["0o640", "0o664"]
    assert shared.stat().st_gid == group


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing yet"])
def test_a_symbolic_link_stays_one(tmp_path: Path, *, there: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "board.csv", tmp_path / "board.csv"
    link.symlink_to(Path("elsewhere", "board.csv"))
    if there:
        target.write_text("old")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert (target.read_text(), [path.name for path in target.parent.iterdir()]) == ("new", ["board.csv"])


@pytest.mark.parametrize("closed", ["", "manifest.json", "episodes", "episodes/1.0", "episodes/1.0/result.json"])
def test_whoever_may_not_read_a_run_is_told_so(
    closed: str, open_to_all: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    run = RunFolder.create(open_to_all / "r1", make_manifest(), [])
    run.begin(1, 0)
    run.put(make_result(1))
    run.close()
    with nobody():
        assert load_run(run.path).total.passed == 1
    (run.path / closed).chmod(0)
    with nobody(), pytest.raises(StoreError, match=f"no right to read .*{closed}.*: have its owner give it") as told:
        load_run(run.path)
    assert not isinstance(told.value, DamagedRecord), "a resume would run it again"


DAMAGED_LINES = {"cut": b'{"format":1,"index":1,"obs\n', "zeros": b"\0" * 40 + b"\n", "no text": b'{"\xff\xfe": 1}\n'}


@pytest.mark.parametrize("line", DAMAGED_LINES.values(), ids=DAMAGED_LINES)
@pytest.mark.parametrize("earlier", [False, True], ids=["latest attempt", "earlier attempt"])
def test_a_damaged_step_costs_nothing_but_itself(
    line: bytes, tmp_path: Path, make_manifest: MakeManifest, *, earlier: bool
) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    paid = Decision(action=Scroll(direction="down"), completion=Completion(text="", cost_usd=1.0))
    interrupted = run.begin(2, 0)
    for index in range(2):
        interrupted.append(a_step(index).model_copy(update={"decision": paid}))
    steps = RunPaths(run.path).episode(2, 0).steps
    first, second = steps.read_bytes().splitlines(keepends=True)
    steps.write_bytes(first + line + second + second[:40])
    if earlier:
        run.begin(2, 0)
    run.close()
    assert cost_usd(run.path) == 2.0
    again = RunFolder.reopen(run.path, [])
    assert again.begin(2, 0).attempt == 2 + earlier
    again.close()


def test_a_run_without_its_episodes_is_not_taken_for_one_that_has_done_nothing(
    tmp_path: Path, make_manifest: MakeManifest
) -> None:
    RunFolder.create(tmp_path / "r1", make_manifest(), []).close()
    (tmp_path / "r1" / "episodes").rmdir()
    with pytest.raises(StoreError, match="episodes is missing, and with it what the run has finished: put it back"):
        load_run(tmp_path / "r1")
    (tmp_path / "r1" / "attempts").rmdir()
    (tmp_path / "r1" / "episodes").mkdir()
    assert load_run(tmp_path / "r1").total.missing == 3


def test_an_empty_manifest_gets_advice_that_works(tmp_path: Path, make_manifest: MakeManifest) -> None:
    RunFolder.create(tmp_path / "r1", make_manifest(), []).close()
    RunPaths(tmp_path / "r1").manifest.write_bytes(b"")
    for use in (lambda: load_run(tmp_path / "r1"), lambda: RunFolder.create(tmp_path / "r1", make_manifest(), [])):
        with pytest.raises(DamagedRecord, match="put the one that was written back, or start a new run under another"):
            use()

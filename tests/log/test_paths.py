"""Task ids as folder names, and what a step takes on disk."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.log.records import make_manifest
from webarena_runner.errors import DamagedRecord, StoreError
from webarena_runner.log import nodes
from webarena_runner.log.paths import RunPaths, task_id_of, task_name
from webarena_runner.log.reading import read_last_page, read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.types import Box, Click, Decision, LastPage, Message, Node, Observation, Step, TaskId

TEXT = "Tab 0 (current): Home\n\n[3] RootWebArea 'Home'\n\t[7] link 'a  b'\n\t[9] button 'two\nlines'\n[12] is no node"
BOX = Box(x=1.5, y=-20.25, width=100.015625, height=18)


@pytest.mark.parametrize(
    ("task_id", "name"),
    [
        (7, "7"),
        ("checkout-basic_2", "checkout-basic_2"),
        ("7", "%37"),
        ("-7", "%2D7"),
        ("../a.b", "%2E%2E%2Fa%2Eb"),
        ("ä [*]?~", "%C3%A4%20%5B%2A%5D%3F%7E"),
    ],
)
def test_a_task_id_is_a_safe_name_and_can_be_read_from_it(task_id: TaskId, name: str) -> None:
    assert task_name(task_id) == name
    assert task_id_of(name) == task_id
    assert RunPaths(Path("r")).earlier_attempt(task_id, 2, 1).key == (task_id, 2)


@pytest.mark.parametrize("task_id", ["", "ä" * 40])
def test_a_task_id_that_is_no_file_name_is_told(task_id: str) -> None:
    with pytest.raises(StoreError, match="expected 1 to 200 characters"):
        task_name(task_id)


def test_episodes_with_texts_as_ids_are_kept_apart(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    ids: list[TaskId] = [7, "7", "a.1", "a"]
    for task_id in ids:
        run.begin(task_id, 1)
        assert run.begin(task_id, 1).attempt == 2
    assert sorted(map(str, (paths.key for paths in RunPaths(run.path).all_attempts()))) == sorted(
        str((task_id, 1)) for task_id in ids * 2
    )
    run.close()


def test_the_nodes_that_the_text_shows_come_back() -> None:
    printed = {
        "3": Node(line="RootWebArea 'Home'", box=None),
        "7": Node(line="link 'a b'", box=BOX),
        "9": Node(line="button 'two lines'", box=BOX.model_copy(update={"x": 0.0})),
    }
    others = {"5": Node(line="StaticText 'a b'", box=BOX)}
    assert nodes.unpack(nodes.pack(others | printed, TEXT), TEXT) == printed
    assert nodes.unpack(nodes.pack({}, ""), "") == {}


def test_the_last_page_comes_back_with_its_picture(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(7, 0)
    assert read_last_page(log.folder) is None
    seen = Observation(url="u", tabs=("Home",), text=TEXT, nodes={"3": Node(line="RootWebArea 'Home'", box=BOX)})
    log.keep_last_page(seen.model_copy(update={"screenshot": b"\xff\xd8", "screenshot_type": "png"}))
    page = read_last_page(log.folder)
    assert page == LastPage(observation=seen.model_copy(update={"screenshot_type": "png"}), screenshot_file="last.png")
    assert (log.folder / "last.png").read_bytes() == b"\xff\xd8"
    run.close()


def a_step(index: int, *contents: str) -> Step:
    return Step(
        index=index,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        observation=Observation(url="u", tabs=("Home",), text=f"{index}\n" + "[1] link 'Home'\n" * 50),
        decision=Decision(
            action=Click(element_id="1"),
            messages=tuple(Message(role="user", content=content) for content in contents),
        ),
        action_text="click [1]",
    )


def test_messages_come_back_whole_and_what_repeats_is_written_once(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(7, 0)
    long = "Click what you need. " * 50
    steps = []
    for index in range(4):
        page = a_step(index).observation.text
        contents = ("short", long, f"Page:\n{page}\nURL: u", f"Page:\n{page[:300]}\nURL: u", f"not of this page {long}")
        steps.append(a_step(index, *contents))
        log.append(steps[-1])
    assert list(read_steps(log.folder)) == steps
    written = RunPaths(run.path).episode(7, 0).steps.read_text()
    assert "Click what you need" not in written
    assert written.count("[1] link 'Home'") == 4 * 50
    assert len(list(RunPaths(run.path).texts.iterdir())) == 2
    for path in RunPaths(run.path).texts.iterdir():
        path.write_text("other")
    with pytest.raises(DamagedRecord, match="is not the text that steps of this run name"):
        list(read_steps(log.folder))
    run.close()

"""Reference actions where only texts of pages are at hand."""

import pytest

import webarena_runner
from webarena_runner.errors import SelectionError, TaskFileError
from webarena_runner.gym import ReferencePlayer
from webarena_runner.tasksets import load_task_set

PAGE = "Tab 0 (current): A\n\n[1] RootWebArea 'A'\n\t[4] link 'Forums'\n\t[5] link 'Wiki'"


def test_the_player_finds_elements_by_role_and_name_and_ends_with_the_answer() -> None:
    task = next(task for task in load_task_set("mini").load().tasks if task.task_id == 37)
    plan = [
        {"do": "click", "role": "link", "name": "Wiki"},
        {"do": "goto", "url": "__REDDIT__/f/a"},
        {"do": "stop", "answer": "7"},
    ]
    player = ReferencePlayer(task.model_copy(update={"raw": {"reference_actions": plan}}))
    assert [player.next(PAGE) for _ in range(4)] == ["click [5]", "goto [http://reddit.com/f/a]", "stop [7]", "stop []"]


def test_the_plan_of_a_task_is_public() -> None:
    task = next(task for task in load_task_set("mini").load().tasks if task.task_id == 37)
    assert webarena_runner.reference_plan(task)[-1].do == "stop"


def test_what_cannot_be_played_is_refused_at_once() -> None:
    with pytest.raises(SelectionError, match="99999"):
        ReferencePlayer.of("mini", 99999)
    task = load_task_set("mini").load().tasks[0]
    with pytest.raises(TaskFileError, match="no reference_actions"):
        ReferencePlayer(task.model_copy(update={"raw": {}}))

"""The tasks of mini-verified: what there is of webarena-verified's form, and what the reference agent reports."""

import json
from collections import Counter
from typing import Any

import pytest

from webarena_runner.export.verified.answers import own_response
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import Task

# Of 500 and above there is none in mini, which cannot have such tasks.
OWN = range(500, 600)


@pytest.fixture(scope="module")
def tasks() -> dict[Any, Task]:
    return {task.task_id: task for task in load_task_set("mini-verified").load().tasks}


def expected_of(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = task.checks[0].spec["check"]["expected"]
    return found


def test_there_are_tasks_of_each_type_and_of_each_status_that_can_be_expected(tasks: dict[Any, Task]) -> None:
    assert len(tasks) >= 60
    counts = Counter((expected_of(task)["task_type"], expected_of(task)["status"]) for task in tasks.values())
    assert {task_type for task_type, _ in counts} == {"retrieve", "mutate", "navigate"}
    refused = {"NOT_FOUND_ERROR", "ACTION_NOT_ALLOWED_ERROR", "PERMISSION_DENIED_ERROR", "DATA_VALIDATION_ERROR"}
    assert {status for _, status in counts} == {"SUCCESS", *refused}


def test_they_are_those_of_mini_by_the_same_ids(tasks: dict[Any, Task]) -> None:
    mini = {task.task_id: task for task in load_task_set("mini").load().tasks}
    assert {task_id for task_id in tasks if task_id not in mini} == {
        task_id for task_id in tasks if isinstance(task_id, int) and task_id in OWN
    }
    for task_id in mini.keys() & tasks.keys():
        assert tasks[task_id].start_urls == mini[task_id].start_urls
        assert tasks[task_id].sites == mini[task_id].sites


def test_the_reference_agent_reports_what_is_expected(tasks: dict[Any, Task]) -> None:
    for task in tasks.values():
        report = own_response(task.raw["reference_actions"][-1]["answer"])
        assert report is not None, task.task_id
        expected = expected_of(task)
        assert report["task_type"].lower() == expected["task_type"]
        assert (report["status"], report["retrieved_data"]) == (expected["status"], expected["retrieved_data"])
        assert bool(report["error_details"]) is (report["status"] != "SUCCESS")


def test_a_change_that_was_made_is_looked_for_in_the_log_and_one_that_was_not_may_be_looked_for(
    tasks: dict[Any, Task],
) -> None:
    for task in tasks.values():
        sent = [check for check in task.checks if check.kind == "network_event"]
        if expected_of(task)["task_type"] in ("mutate", "navigate") and expected_of(task)["status"] == "SUCCESS":
            assert sent, task.task_id
        assert task.writes is (expected_of(task)["task_type"] == "mutate")


def test_records_have_the_keys_that_the_package_takes_and_reference_actions(tasks: dict[Any, Task]) -> None:
    from webarena_runner.verified.side import KEYS

    for task in tasks.values():
        assert set(task.raw) == {*KEYS, "reference_actions"}
        assert json.loads(json.dumps(task.raw)) == task.raw

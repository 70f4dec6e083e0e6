"""What becomes of a run when a real application goes away, misleads or refuses: an error of the site, never a score."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.realsites.all_sites import TASKS, RealSites
from tests.realsites.playing import Run, start, task_file

pytestmark = [pytest.mark.realsites, pytest.mark.browser]
RECORDS: dict[int, dict[str, Any]] = {record["task_id"]: record for record in json.loads(TASKS.read_text())}


def slowly(record: dict[str, Any], steps: int) -> dict[str, Any]:
    """The same task with so many more steps at its start, in which its site may go away."""
    waits = [{"do": "scroll", "direction": "down"}, {"do": "scroll", "direction": "up"}] * (steps // 2)
    return record | {"reference_actions": [*waits, *record["reference_actions"]]}


def has_failed(run: Run) -> bool:
    return bool(run.earlier)


@pytest.mark.parametrize(("site", "task", "others"), [("reddit", 7, [5, 8]), ("shopping", 12, [9, 11])])
def test_a_process_that_dies_and_comes_back_costs_no_task(
    sites: RealSites, site: str, task: int, others: list[int], tmp_path: Path
) -> None:
    records = [slowly(RECORDS[task], 6), *(RECORDS[other] for other in others)]
    run = start(sites.sites_file(), tmp_path, "-o", "limits.retries=3", tasks=task_file(tmp_path / "t.json", records))
    run.wait_until(lambda run: run.steps_of(task) > 2)
    sites.applications[site].stop()
    run.wait_until(has_failed)
    sites.applications[site].start()
    assert run.values == dict.fromkeys([task, *others], 1.0), run.output
    assert {result["failure"]["error_class"] for result in run.earlier} == {"site"}, run.output
    assert all(result["value"] is None for result in run.earlier)

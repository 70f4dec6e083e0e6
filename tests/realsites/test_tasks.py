"""Tasks of our own on kiwix-serve, MediaWiki and django-oscar: reference actions pass, and doing nothing does not."""

import json
from pathlib import Path

import pytest

from tests.realsites.all_sites import TASKS, RealSites
from tests.realsites.playing import start

pytestmark = [pytest.mark.realsites, pytest.mark.browser]
WRITES = 7
IDS = [record["task_id"] for record in json.loads(TASKS.read_text())]


@pytest.mark.parametrize("workers", ["1", "4"])
def test_reference_actions_pass(sites: RealSites, workers: str, tmp_path: Path) -> None:
    run = start(sites.sites_file(), tmp_path, "--workers", workers, tasks=TASKS)
    assert run.values == dict.fromkeys(IDS, 1.0), run.output
    assert run.earlier == []


def test_doing_nothing_passes_no_task(sites: RealSites, tmp_path: Path) -> None:
    run = start(sites.sites_file(), tmp_path, "--workers", "4", tasks=TASKS, model="do-nothing")
    assert run.values == dict.fromkeys(IDS, 0.0), run.output


def test_a_command_puts_back_what_a_run_wrote(sites: RealSites, tmp_path: Path) -> None:
    """Of a task that was done before, doing nothing passes the check, unless the sites are reset."""
    file = sites.sites_file(reset=sites.reset_command)

    def value(out: str, model: str, reset: str) -> float | None:
        arguments = ("--tasks", str(WRITES), "--reset", reset, "--yes")
        return start(file, tmp_path / out, *arguments, tasks=TASKS, model=model).values[WRITES]

    assert value("done", "oracle", "never") == 1
    assert value("left", "do-nothing", "never") == 1
    assert value("reset", "do-nothing", "before-run") == 0

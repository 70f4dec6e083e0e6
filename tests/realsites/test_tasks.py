"""Tasks of our own on kiwix-serve, MediaWiki and django-oscar: reference actions pass, and doing nothing does not."""

import json
from pathlib import Path

import pytest

from tests.realsites.all_sites import TASKS, RealSites
from tests.realsites.playing import start

pytestmark = [pytest.mark.realsites, pytest.mark.browser]
IDS = [record["task_id"] for record in json.loads(TASKS.read_text())]


@pytest.mark.parametrize("workers", ["1", "4"])
def test_reference_actions_pass(sites: RealSites, workers: str, tmp_path: Path) -> None:
    run = start(sites.sites_file(), tmp_path, "--workers", workers, tasks=TASKS)
    assert run.values == dict.fromkeys(IDS, 1.0), run.output
    assert run.earlier == []


def test_doing_nothing_passes_no_task(sites: RealSites, tmp_path: Path) -> None:
    run = start(sites.sites_file(), tmp_path, "--workers", "4", tasks=TASKS, model="do-nothing")
    assert run.values == dict.fromkeys(IDS, 0.0), run.output

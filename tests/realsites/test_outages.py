"""What becomes of a run when a real application goes away, misleads or refuses: an error of the site, never a score."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.realsites.all_sites import TASKS, RealSites
from tests.realsites.playing import start, task_file

pytestmark = [pytest.mark.realsites, pytest.mark.browser]
RECORDS: dict[int, dict[str, Any]] = {record["task_id"]: record for record in json.loads(TASKS.read_text())}


def slowly(record: dict[str, Any], steps: int) -> dict[str, Any]:
    """The same task with so many more steps at its start, in which its site may go away."""
    waits = [{"do": "scroll", "direction": "down"}, {"do": "scroll", "direction": "up"}] * (steps // 2)
    return record | {"reference_actions": [*waits, *record["reference_actions"]]}


@pytest.mark.parametrize(("site", "task", "others"), [("reddit", 7, [5, 8]), ("shopping", 12, [9, 11])])
def test_a_process_that_dies_and_comes_back_costs_no_task(
    sites: RealSites, site: str, task: int, others: list[int], tmp_path: Path
) -> None:
    records = [slowly(RECORDS[task], 6), *(RECORDS[other] for other in others)]
    run = start(sites.sites_file(), tmp_path, "-o", "limits.retries=3", tasks=task_file(tmp_path / "t.json", records))
    run.wait_until(lambda run: run.steps_of(task) > 2)
    sites.applications[site].stop()
    run.wait_until(lambda run: run.has_failed(task))
    sites.applications[site].start()
    assert run.values == dict.fromkeys([task, *others], 1.0), run.output
    assert {result["failure"]["error_class"] for result in run.earlier} == {"site"}, run.output
    assert all(result["value"] is None for result in run.earlier)


def test_a_wiki_that_is_configured_for_another_address_is_told_with_the_remedy(
    sites: RealSites, tmp_path: Path
) -> None:
    """MediaWiki leads from its root to the server name that it has, and from no other page."""
    wiki = sites.applications["reddit"]
    wiki.stop()
    replace(wiki, environ={**wiki.environ, "WIKI_SERVER": "http://wiki.example:8080"}).start()
    run = start(sites.sites_file(), tmp_path, tasks=task_file(tmp_path / "t.json", [RECORDS[5]]))
    assert "reddit: base URL" in run.output
    assert "leads to another host: http://wiki.example:8080" in run.output
    assert f"set the base URL of the application to {wiki.url}" in run.output
    assert not run.folder.exists()
    deep = RECORDS[5] | {
        "start_url": "__REDDIT__/index.php/Ferry",
        "reference_actions": RECORDS[5]["reference_actions"][-1:],
    }
    again = start(sites.sites_file(), tmp_path, "--skip-doctor", tasks=task_file(tmp_path / "t.json", [deep]))
    assert again.values == {5: 1.0}


def test_a_port_that_another_application_has_is_told(sites: RealSites, tmp_path: Path) -> None:
    urls = sites.urls
    file = sites.sites_file(urls=urls | {"reddit": urls["wikipedia"], "wikipedia": urls["reddit"]})
    run = start(file, tmp_path, tasks=task_file(tmp_path / "t.json", [RECORDS[1], RECORDS[7]]))
    assert "reddit: log-in" in run.output
    assert not run.folder.exists()


def test_two_of_one_framework_on_one_host_name_are_told(sites: RealSites, tmp_path: Path) -> None:
    urls = {site: url.replace("localhost", "127.0.0.1") for site, url in sites.urls.items()}
    run = start(sites.sites_file(urls=urls), tmp_path, tasks=task_file(tmp_path / "t.json", [RECORDS[19]]))
    assert run.values == {19: None}
    assert "They cannot be kept apart there" in run.output
    assert "give one of them another host name" in run.output

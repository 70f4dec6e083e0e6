"""The pages that the server has, those that it refuses, and how it ends."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from PIL import Image
from playwright.async_api import async_playwright, expect

from tests.cli.conftest import WA_RUN, Invoke, invoke, workdir
from tests.export.runs import a_step, failed, model_manifest, passed, small_run
from tests.log.records import make_manifest
from tests.view.conftest import Viewed
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.errors import StoreError
from webarena_runner.log.writing import RunFolder, is_going_on
from webarena_runner.types import Task
from webarena_runner.view.events import states

__all__ = ["invoke", "workdir"]

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>{{ 7 * 7 }}"


def a_task(task_id: int, intent: str) -> Task:
    return Task(
        task_set="mini",
        task_id=task_id,
        intent=intent,
        sites=("shopping",),
        start_urls=("__SHOPPING__",),
        login_sites=(),
        checks=(),
        raw={},
    )


@contextmanager
def going_on(out: Path, run_id: str, intent: str = "Buy a heron") -> Iterator[RunFolder]:
    """A run that this process works on, of three tasks."""
    manifest = model_manifest(run_id, task_ids=(1, 2, 3))
    run = RunFolder.create(out / run_id, manifest, [a_task(1, intent), a_task(2, intent), a_task(3, intent)])
    try:
        yield run
    finally:
        run.close()


@contextmanager
def events(viewed: Viewed, run_id: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The states that a live page is sent."""
    with httpx.stream("GET", f"{viewed.url}runs/{run_id}/events", timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        # At least one a few seconds, since time goes on: that what is waited for never comes, ends the test.
        lines = islice((line for line in response.iter_lines() if line.startswith("data: ")), 60)
        yield (json.loads(line.removeprefix("data: ")) for line in lines)


def test_the_list_has_every_run_and_what_became_of_it(viewed: Viewed) -> None:
    (viewed.out / "broken").mkdir()
    (viewed.out / "broken/manifest.json").write_text("{")
    with going_on(viewed.out, "now"):
        page = viewed.get("").text
    assert "1 of 4 passed, 1 failed, 1 errored, 1 not run" in page
    assert 'href="runs/now/live.html">running' in page
    assert "stopped" in page
    assert "broken/manifest.json: is damaged" in page


def test_the_pages_of_a_run_are_those_of_its_report(viewed: Viewed) -> None:
    answer = viewed.get("runs/r1", follow_redirects=True)
    assert answer.url.path == "/runs/r1/index.html"
    assert "<b>1</b> of 4 planned" in answer.text
    episode = viewed.get("runs/r1/tasks/2.0.html")
    assert "expected &#39;two&#39;, got &#39;three&#39;" in episode.text
    assert "default-src &#39;none&#39;" in episode.text
    assert viewed.get("runs/r1/static/report.css").headers["content-type"].startswith("text/css")


def test_what_is_asked_for_later_is_what_is_on_disk_then(viewed: Viewed) -> None:
    with going_on(viewed.out, "grows") as run:
        assert "<b>0</b> of 3 planned" in viewed.get("runs/grows/index.html").text
        run.begin(1, 0)
        run.put(passed(1))
        assert "<b>1</b> of 3 planned" in viewed.get("runs/grows/index.html").text


@pytest.mark.parametrize(
    "path",
    [
        "runs/none/index.html",
        "runs/%2e%2e/index.html",
        "runs/r1%00/index.html",
        "runs/r1/tasks/99.0.html",
        "runs/r1/tasks/..%2f..%2fr1.html",
        "runs/r1/pictures/1.0/..%2fresult.json",
        "runs/r1/pictures/1.0/result.json",
        "runs/r1/static/..%2fpages.py",
        "runs/r1/manifest.json",
        "elsewhere/index.html",
        "escapes/index.html",
        "runs/circle/index.html",
    ],
)
def test_nothing_else_is_served(viewed: Viewed, path: str) -> None:
    outside = viewed.out.parent / "elsewhere"
    if not outside.exists():
        RunFolder.create(outside, make_manifest("elsewhere"), ()).close()
        (viewed.out / "escapes").symlink_to(outside)
        (viewed.out / "circle").symlink_to(viewed.out / "circle")
    answer = viewed.get(path)
    assert answer.status_code == 404
    assert "elsewhere" not in viewed.get("").text


@pytest.mark.parametrize("name", ["a %2e b", "a\nb", "50%"])
def test_the_address_of_a_run_leads_to_its_pages_whatever_its_name_is(viewed: Viewed, name: str) -> None:
    small_run(viewed.out, name)
    answer = viewed.get(f"runs/{quote(name)}", follow_redirects=True)
    assert (answer.status_code, answer.url.raw_path.decode()) == (200, f"/runs/{quote(name)}/index.html")
    shutil.rmtree(viewed.out / name)


def test_a_live_page_leaves_the_sites_open_of_what_was_not_planned(viewed: Viewed) -> None:
    with going_on(viewed.out, "more") as run:
        run.begin(77, 0)
        run.put(passed(77))
        assert viewed.get("runs/more/live.html").status_code == 200


def test_a_screenshot_that_is_a_link_out_of_the_folder_is_not_served(viewed: Viewed) -> None:
    secret = viewed.out.parent / "secret.png"
    Image.new("RGB", (4, 4)).save(secret)
    with going_on(viewed.out, "links") as run:
        log = run.begin(1, 0)
        log.append(a_step(0, screenshot_file="step-000.png"), screenshot=secret.read_bytes())
        log.append(a_step(1, screenshot_file="step-001.png"))
        (log.folder / "step-001.png").symlink_to(secret)
    own = viewed.get("runs/links/pictures/1.0/step-000.png")
    assert (own.status_code, own.headers["content-type"]) == (200, "image/png")
    assert viewed.get("runs/links/pictures/1.0/step-001.png").status_code == 404


def test_only_this_machine_is_answered_and_nothing_can_be_changed(viewed: Viewed) -> None:
    assert viewed.get("", headers={"host": "rebound.example"}).status_code == 400
    answer = httpx.post(viewed.url, timeout=20)
    assert answer.status_code == 405
    headers = viewed.get("").headers
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_a_live_page_is_told_of_every_step_and_end(viewed: Viewed) -> None:
    with going_on(viewed.out, "told") as run, events(viewed, "told") as states:
        assert next(states)["playing"] == []
        log = run.begin(1, 0)
        log.append(a_step(0, screenshot_file="step-000.png"), screenshot=b"")
        seen = next(state for state in states if state["playing"] and state["playing"][0]["step"] == "step 1")
        playing = seen["playing"][0]
        assert (playing["name"], playing["action"]) == ("1", "click [1]")
        assert (playing["picture"], playing["page"]) == ("pictures/1.0/step-000.png", "tasks/1.0.html#step-0")
        run.put(failed(1))
        seen = next(state for state in states if state["ended"])
        assert seen["ended"][0]["became"] == "failed"
        assert (seen["fields"]["failed"], seen["fields"]["not run"], seen["playing"]) == ("1", "2", [])
        run.close()
        assert next(state for state in states if state["fields"]["status"] == "stopped")


async def test_what_changes_before_the_folder_is_watched_is_told(tmp_path: Path) -> None:
    with going_on(tmp_path, "early") as run:
        told = states(run.path)
        assert json.loads(await anext(told))["playing"] == []
        # The watch begins when the next state is asked for.
        run.begin(1, 0).append(a_step(0))
        found = json.loads(await anext(told))["playing"]
        await told.aclose()
    assert [each["step"] for each in found] == ["step 1"]


@pytest.mark.browser
async def test_a_live_page_goes_on_by_itself_and_runs_nothing_of_a_task(viewed: Viewed) -> None:
    with going_on(viewed.out, "seen", HOSTILE) as run:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=find_browser().path, args=launch_args(root=os.geteuid() == 0)
            )
            page = await browser.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            await page.goto(f"{viewed.url}runs/seen/live.html")
            await expect(page.locator("#idle")).to_be_visible()
            log = run.begin(1, 0)
            log.append(a_step(0, action_text=HOSTILE))
            await expect(page.locator("#playing-list")).to_contain_text("step 1")
            await expect(page.locator("#playing-list")).to_contain_text("<script>")
            run.put(failed(1, HOSTILE))
            await expect(page.locator("#ended-list")).to_contain_text("{{ 7 * 7 }}")
            await expect(page.locator("[data-field=failed]")).to_have_text("1")
            assert await page.title() == "running: llama3-vllm on mini"
            assert faults == []
            await browser.close()


@pytest.mark.browser
async def test_a_trace_is_shown_from_an_origin_of_its_own(viewed: Viewed) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser().path, args=launch_args(root=os.geteuid() == 0)
        )
        context = await browser.new_context()
        await context.tracing.start(snapshots=True)
        page = await context.new_page()
        await page.set_content("<h1>Herons</h1>")
        with going_on(viewed.out, "traced") as run:
            folder = run.begin(1, 0).folder
            await context.tracing.stop(path=folder / "trace.zip")
            run.put(passed(1))
        await page.goto(f"{viewed.url}runs/traced/tasks/1.0.html")
        async with context.expect_page() as opened:
            await page.get_by_role("link", name="Trace", exact=True).click()
        trace = await opened.value
        await expect(trace.get_by_text("Set content").first).to_be_visible()
        assert urlsplit(trace.url).port not in (None, urlsplit(viewed.url).port)
        await browser.close()
    assert "Trace</a>" not in viewed.get("runs/r1/tasks/1.0.html").text


def test_a_run_can_be_started_while_somebody_looks_whether_it_goes_on(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), ())
    assert is_going_on(tmp_path / "r1")
    with pytest.raises(StoreError, match="another process is working"):
        RunFolder.reopen(tmp_path / "r1", ())
    run.close()
    assert not is_going_on(tmp_path / "r1")
    RunFolder.reopen(tmp_path / "r1", ()).close()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_though_a_page_listens(viewed: Viewed, name: signal.Signals) -> None:
    command = [str(WA_RUN), "view", "--out", str(viewed.out), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with events(Viewed(viewed.out, url, process), "r1") as states:
            next(states)
            process.send_signal(name)
            started = time.monotonic()
            _, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in err
        assert time.monotonic() - started < 10


def test_a_folder_that_is_none_and_a_port_in_use_are_told(viewed: Viewed, invoke: Invoke, workdir: Path) -> None:
    assert "is no folder" in invoke("view", "--out", "nowhere").err
    inside = invoke("view", "--out", str(viewed.out / "r1"))
    assert (inside.code, f"--out {viewed.out}" in inside.err) == (2, True)
    taken = invoke("view", "--out", str(viewed.out), "--port", viewed.url.rstrip("/").rpartition(":")[2])
    assert (taken.code, "cannot be opened" in taken.err) == (2, True)

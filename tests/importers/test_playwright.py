"""`wa-run import --from playwright`: traces of the Playwright that is installed, of an old one, and made by hand."""

import asyncio
import json
import shutil
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import async_playwright

from tests.cli.conftest import Invoke
from webarena_mini.server import serve
from webarena_runner.browser.find import find_browser
from webarena_runner.importers.playwright import archive
from webarena_runner.importers.playwright.text import PageText
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_last_page, read_manifest, read_result, read_steps
from webarena_runner.types import Box, Step

# Made with Playwright 1.32.1, the release that the official harness pins; its traces have format 4.
OLD = Path(__file__).parent / "traces" / "playwright-1.32.zip"
JPEG = b"\xff\xd8\xff"


def picture(width: int) -> bytes:
    data = BytesIO()
    Image.new("RGB", (width, 10)).save(data, "JPEG")
    return data.getvalue()


def steps_of(task_id: int, run_id: str = "r", trial: int = 0) -> list[Step]:
    return list(read_steps(RunPaths(Path("results") / run_id).episode(task_id, trial).folder))


def trace(path: Path, events: list[Mapping[str, Any]], files: Mapping[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("trace.trace", "\n".join(json.dumps(event) for event in events))
        for name, data in (files or {}).items():
            file.writestr(name, data)
    return path


async def record(path: Path) -> None:
    """Somebody logs in to the embedded forum, looks for a post in another tab, and goes back."""
    async with serve(["reddit"], port_base=None, token="x") as sites, async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=find_browser().path, chromium_sandbox=False)
        context = await launched.new_context()
        await context.tracing.start(screenshots=True, snapshots=True)
        page = await context.new_page()
        await page.goto(sites.urls["reddit"])
        await page.get_by_role("link", name="Log in").click()
        await page.get_by_label("Username").fill("MarvelsGrantMan136")
        await page.get_by_label("Password").fill("test1234")
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_load_state()
        await page.keyboard.press("End")
        await page.mouse.wheel(0, 300)
        other = await context.new_page()
        await other.goto(sites.urls["reddit"] + "/forums")
        await page.bring_to_front()
        await page.go_back()
        await context.tracing.stop(path=path)
        await launched.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("traces") / "task_27.zip"
    asyncio.run(record(path))
    return path


@pytest.mark.browser
def test_actions_addresses_texts_and_pictures_come_from_the_trace(recorded: Path, invoke: Invoke) -> None:
    done = invoke("import", "--from", "playwright", str(recorded), "--run-id", "r")
    assert done.code == 0
    steps = steps_of(27)
    said = [step.action_text.replace(" ", "") for step in steps]
    assert [step.decision.action.kind for step in steps] == [
        *("playwright",) * 4,
        *("press", "scroll", "new_tab", "goto", "tab_focus", "go_back"),
    ]
    assert said[1] == 'page.locator("internal:label=\\"Username\\"i").fill("MarvelsGrantMan136")'
    assert said[2].endswith('.fill("(apassword)")')
    assert steps[1].observation.url.endswith("/login")
    assert "Log in" in steps[1].observation.text
    assert steps[1].observation.text.startswith("Tab 0 (current): ")
    assert steps[1].acted_on
    assert steps[1].acted_on.box
    assert "MarvelsGrantMan136" in steps[4].observation.text
    assert steps[8].decision.action.model_dump() == {"kind": "tab_focus", "page_number": 0}
    folder = RunPaths(Path("results/r")).episode(27, 0).folder
    assert (folder / str(steps[1].screenshot_file)).read_bytes().startswith(JPEG)
    assert "test1234" not in "".join(path.read_text() for path in folder.glob("*.json*"))
    last = read_last_page(folder)
    assert last
    assert last.observation.url == read_result(RunPaths(Path("results/r")).episode(27, 0)).final_url


def test_a_trace_of_the_release_that_official_pins_is_read(workdir: Path, invoke: Invoke) -> None:
    shutil.copy(OLD, workdir / "4.trace.zip")
    done = invoke("import", "--from", "playwright", "4.trace.zip", "--run-id", "r")
    assert done.code == 0
    steps = steps_of(4)
    assert [step.action_text for step in steps] == [
        'page.locator("internal:label=\\"q\\"i").fill("abc")',
        "press [Tab]",
        'page.locator("internal:role=button").click()',
        "page.mouse.click(3, 3)",
        'page.keyboard.type("x")',
    ]
    assert steps[0].observation.text == "Tab 0 (current): T\n\nHello\nb"
    assert steps[1].observation.text == "Tab 0 (current): T\n\nHello\nabc\nb"
    assert steps[0].started_at.isoformat() == "2026-11-30T08:04:05.363730+00:00"
    assert (RunPaths(Path("results/r")).episode(4, 0).folder / "step-000.jpeg").read_bytes().startswith(JPEG)


@pytest.mark.parametrize("folder", ["4.trace", "unpacked/4.trace"])
def test_a_trace_that_was_unpacked_and_one_that_was_packed_again_are_read(
    workdir: Path, invoke: Invoke, folder: str
) -> None:
    with zipfile.ZipFile(OLD) as file:
        file.extractall(workdir / folder)
    resources = workdir / folder / "resources"
    shutil.copytree(resources, workdir / "elsewhere")
    shutil.rmtree(resources)
    resources.symlink_to(workdir / "elsewhere")
    assert invoke("import", "--from", "playwright", folder, "--run-id", "r").code == 0
    assert [step.screenshot_file for step in steps_of(4)] == [None] * 5
    resources.unlink()
    shutil.copytree(workdir / "elsewhere", resources)
    again = shutil.make_archive("7", "zip", (workdir / folder).parent, "4.trace")
    assert invoke("import", "--from", "playwright", again, "--run-id", "s").code == 0
    assert [step.screenshot_file for step in steps_of(7, "s")][0] == "step-000.jpeg"
    assert invoke("import", "--from", "playwright", folder, "--run-id", "t").code == 0
    assert [step.screenshot_file for step in steps_of(4, "t")][0] == "step-000.jpeg"


def test_a_trace_of_the_first_forms_is_read(workdir: Path, invoke: Invoke) -> None:
    snapshot = {"pageId": "p", "frameId": "f", "isMainFrame": True, "timestamp": 2, "frameUrl": "http://x/"}
    click = {
        "id": "call@5",
        "type": "Frame",
        "method": "click",
        "params": {"selector": "text=Buy"},
        "startTime": 3,
        "endTime": 5,
        "pageId": "p",
        "wallTime": 1_700_000_000_003,
        "error": {"error": {"message": "Timeout 30000ms exceeded.\nmore"}},
        "snapshots": [{"title": "before", "snapshotName": "before@call@5"}],
    }
    events: list[Mapping[str, Any]] = [
        {"type": "context-options", "version": 3, "browserName": "chromium", "options": {}},
        {"type": "screencast-frame", "pageId": "p", "sha1": "a.jpeg", "timestamp": 1, "width": 1280},
        {
            "type": "frame-snapshot",
            "snapshot": {**snapshot, "snapshotName": "before@call@5", "html": ["HTML", {}, ["BODY", {}, "Buy it"]]},
        },
        {"type": "action", "metadata": click},
        {"type": "action", "metadata": {**click, "id": "call@6", "internal": True}},
        {"type": "input", "callId": "call@5", "box": {"x": 100, "y": 20, "width": 300, "height": 40}},
    ]
    trace(workdir / "12.zip", events, {"resources/a.jpeg": picture(640)})
    invoke("import", "--from", "playwright", "12.zip", "--run-id", "r")
    (step,) = steps_of(12)
    assert (step.action_text, step.action_error) == (
        'page.locator("text=Buy").click()',
        "Timeout 30000ms exceeded.",
    )
    assert (step.observation.url, step.observation.text) == ("http://x/", "Tab 0 (current): \n\nBuy it")
    assert step.started_at.isoformat() == "2023-11-14T22:13:20.003000+00:00"
    assert step.screenshot_file == "step-000.jpeg"
    # The picture has half of the page's pixels.
    assert step.acted_on
    assert step.acted_on.box == Box(x=50, y=10, width=150, height=20)


def test_no_score_is_told_as_such_and_readers_take_it(workdir: Path, invoke: Invoke) -> None:
    shutil.copy(OLD, workdir / "4.zip")
    done = invoke("import", "--from", "playwright", "4.zip", "--run-id", "r")
    assert "errored task 4 trial 0: unscored: a trace of Playwright has no score" in done.out
    assert read_manifest(Path("results/r")).agent == "human"
    assert json.loads(invoke("report", "r", "--json").out)["total"]["errored"] == 1
    assert invoke("export", "r", "--to", "atif", "--to", "leaderboard").code == 0
    written = json.loads(Path("results/atif/r/4.0/trajectory.json").read_text())
    assert written["extra"]["failure"]["error_class"] == "unscored"
    assert [step["llm_call_count"] for step in written["steps"] if step["source"] == "agent"] == [0] * 5


def test_traces_of_one_task_are_its_trials_and_names_can_be_told(workdir: Path, invoke: Invoke) -> None:
    for name in ("7.zip", "task_7_again.zip", "login.zip"):
        shutil.copy(OLD, workdir / name)
    command = ("import", "--from", "playwright", "7.zip", "task_7_again.zip", "login.zip", "--run-id", "r")
    assert invoke(*command, "--map", "login=27").code == 0
    assert read_manifest(Path("results/r")).planned == ((7, 0), (7, 1), (27, 0))
    assert read_manifest(Path("results/r")).config["settings"]["trials"] == 2
    again = invoke(*command, "--map", "login.zip=27")
    assert (again.code, "is imported already" in again.err) == (0, True)
    other = invoke(*command, "--map", "login=28")
    assert (other.code, "is not overwritten" in other.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("login.zip", [], "Its name has no number; give --map login=TASK"),
        ("7_of_12.zip", [], "Its name has 2 numbers"),
        ("7.zip", ["--map", "other=3"], "there is no trace of this name"),
        ("7.zip", ["--map", "7"], "expected NAME=TASK"),
        ("7.zip", ["--tasks", "all"], "the official tasks are not on this machine"),
    ],
)
def test_a_trace_of_no_known_task_is_told(workdir: Path, invoke: Invoke, name: str, more: list[str], said: str) -> None:
    shutil.copy(OLD, workdir / name)
    done = invoke("import", "--from", "playwright", name, *more)
    assert (done.code, said in done.err) == (2, True)
    assert not Path("results").exists()


def zip_with_a_name_that_is_no_text() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("é.trace", "{}")
    return packed.getvalue().replace("é".encode(), b"\xb6\xb6")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.write_bytes(b"PK not quite"), "is no zip file"),
        (lambda path: path.write_bytes(OLD.read_bytes()[:9000]), "is no zip file"),
        (lambda path: path.write_bytes(zip_with_a_name_that_is_no_text()), "is no zip file"),
        (lambda path: trace(path, [{"type": "context-options", "version": 8}]), "is a trace without any call"),
        (lambda path: zipfile.ZipFile(path, "w").close(), "there is no file *.trace in it"),
    ],
)
def test_what_is_no_trace_is_told(workdir: Path, invoke: Invoke, prepare: Any, said: str) -> None:
    prepare(workdir / "7.zip")
    done = invoke("import", "--from", "playwright", "7.zip")
    assert (done.code, said in done.err) == (2, True)
    assert not Path("results").exists()


def test_a_trace_beyond_all_bounds_is_refused(workdir: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_EVENT_BYTES", 2**20)
    trace(workdir / "7.zip", [{"type": "log", "message": "x" * 2**21}])
    done = invoke("import", "--from", "playwright", "7.zip")
    assert (done.code, "is larger than" in done.err) == (2, True)


def test_odd_events_are_left_out_and_the_rest_is_read(workdir: Path, invoke: Invoke) -> None:
    before = {"type": "before", "callId": "c1", "class": "Frame", "method": "goto", "startTime": 1}
    events: list[Any] = [
        {"type": "after", "callId": "nobody's", "endTime": 2},
        {"type": "before", "callId": "c0"},
        {"type": "frame-snapshot", "snapshot": {"html": 5}},
        {"type": "frame-snapshot", "snapshot": {"frameId": "f", "pageId": "p", "html": {"a": 1}, "isMainFrame": True}},
        {"type": "input", "callId": "c1"},
        {"type": "screencast-frame", "pageId": "p", "file": "../../etc/passwd", "timestamp": 0},
        {
            **before,
            "callId": "c2",
            "class": "Page",
            "method": "keyboardPress",
            "params": {"key": "\ud800"},
            "wallTime": 1e300,
        },
        {**before, "params": {"url": "javascript:alert(1)"}},
        {**before, "callId": "c3", "method": "fill", "params": {"selector": "#q", "value": float("inf")}},
        [1, 2],
        "text",
    ]
    trace(workdir / "7.zip", events)
    done = invoke("import", "--from", "playwright", "7.zip", "--run-id", "r")
    assert (done.code, done.err.count("Traceback")) == (0, 0)
    assert [step.decision.action.kind for step in steps_of(7)] == ["press", "goto", "playwright"]
    assert invoke("export", "r", "--to", "atif").code == 0


def test_a_document_that_refers_to_itself_ends() -> None:
    doubled: list[Any] = [["HTML", {}, "x", "y"]]
    for _ in range(60):
        doubled.append(["HTML", {}, [[1, 2]], [[1, 2]], "z", "z"])
    begun = monotonic()
    assert len(PageText(doubled).text(60)) <= 200_000
    assert PageText([[[0, 0]]]).text(0) == ""
    assert PageText([[[-1, 0]], [[1, -5]]]).text(1) == ""
    assert monotonic() - begun < 5

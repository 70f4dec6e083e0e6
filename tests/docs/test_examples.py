"""The example plug-ins of the manual: installed as a package, found by their entry points, and run."""

import html
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN, Done
from tests.docs.pages import DOCS
from webarena_runner.log.reading import read_steps

pytestmark = pytest.mark.long

EXAMPLES = DOCS / "examples"
LIMIT_S = 120
HANDBOOK = ("--agent", "nearest-link", "--task-set", "handbook")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has put the examples into."""
    folder = tmp_path_factory.mktemp("examples")
    source = shutil.copytree(EXAMPLES, folder / "source")
    install = ("install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    command = [sys.executable, "-m", "pip", *install, "--target", str(folder / "packages"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "packages"


WaRun = Callable[..., Done]


@pytest.fixture
def wa_run(packages: Path, workdir: Path) -> WaRun:
    """Calls the command line where the examples are installed."""

    def call(*arguments: str) -> Done:
        environ = {**os.environ, "PYTHONPATH": str(packages)}
        command = [WA_RUN, *arguments]
        done = subprocess.run(
            command, env=environ, cwd=workdir, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.mark.browser
def test_the_agent_passes_the_task_set_on_its_sites_by_its_evaluator(wa_run: WaRun, workdir: Path) -> None:
    done = wa_run(*HANDBOOK, "--tasks", "all", "--run-id", "first")
    assert done.code == 0, done
    assert done.err.count(": passed") == 3
    exported = wa_run("export", "first", "--to", "outcomes")
    assert exported.out.strip().endswith("results/first.md"), exported
    assert "| wikipedia | 3 | 3 | 0 |" in (workdir / "results" / "first.md").read_text()


@pytest.mark.browser
def test_the_site_provider_serves_the_folder_that_a_sites_file_names(wa_run: WaRun, workdir: Path) -> None:
    (workdir / "pages").mkdir()
    (workdir / "pages" / "index.html").write_text("<!doctype html><html lang=en><title>Leave</title><p>Moved here.")
    (workdir / "moved.yaml").write_text("provider: handbook\noptions: {folder: pages}\n")
    done = wa_run(*HANDBOOK, "--tasks", '"leave","travel"', "--sites", "./moved.yaml")
    assert "task leave trial 0: passed" in done.err, done
    assert "task travel trial 0: failed" in done.err, done


@pytest.mark.browser
def test_the_executor_plays_each_attempt_in_a_process_of_its_own(wa_run: WaRun) -> None:
    done = wa_run(*HANDBOOK, "--tasks", '"leave","badge"', "--workers", "2", "--executor", "processes")
    assert done.code == 0, done
    assert done.err.count(": passed") == 2


def test_the_evaluator_scores_outcomes_of_other_harnesses(wa_run: WaRun, workdir: Path) -> None:
    tasks = [official_record(7, {"eval_types": ["page_title"], "title": "Leave"})]
    (workdir / "tasks.json").write_text(json.dumps(tasks))
    outcomes = [{"task_id": 7, "type": "page_title", "title": title} for title in ("Leave", "Keys")]
    (workdir / "outcomes.jsonl").write_text("".join(f"{json.dumps(outcome)}\n" for outcome in outcomes))
    done = wa_run("score", "outcomes.jsonl", "--tasks-file", "tasks.json")
    assert [json.loads(line)["score"] for line in done.out.splitlines()] == [1.0, 0.0], done


def test_the_environment_plays_a_task_set_of_its_own(wa_run: WaRun, workdir: Path) -> None:
    replies = {"pair": ["```scroll [down]```", "```stop [42]```"], "bill": ["```click [3]```", "```stop [4]```"]}
    (workdir / "replies.json").write_text(json.dumps(replies))
    replayed = ("--model", "replay", "-o", "model.options.path=replies.json")
    done = wa_run(*replayed, "--task-set", "sums", "--tasks", "all", "--run-id", "sums")
    assert "task pair trial 0: passed" in done.err, done
    assert "task bill trial 0: failed" in done.err, done
    assert "number 2 of 2: 25" in (workdir / "results/sums/episodes/pair.0/steps.jsonl").read_text()


def test_the_reference_calls_win_the_games_that_another_program_plays(wa_run: WaRun) -> None:
    done = wa_run("--model", "oracle", "--task-set", "toy-text", "--tasks", "all", "--workers", "2")
    assert done.code == 0, done
    assert done.err.count(": passed [over, ") == 3


def test_calls_are_played_and_what_does_not_fit_a_schema_is_not(wa_run: WaRun, workdir: Path) -> None:
    bad = ["```fly({})```", '```move({"direction": "north"})```', "```move```"]
    lost = [
        '```move({"direction": "right"})```',
        *bad[:2],
        '```{"name": "move", "arguments": {"direction": "down"}}```',
    ]
    replies = {"lake-4x4": lost, "cliff": bad}
    (workdir / "replies.json").write_text(json.dumps(replies))
    replayed = ("--model", "replay", "-o", "model.options.path=replies.json", "--tasks", '"lake-4x4","cliff"')
    done = wa_run(*replayed, "--task-set", "toy-text", "--run-id", "toys")
    assert "task lake-4x4 trial 0: failed (toy-text: the last reward was 0) [over, 4 steps" in done.err, done
    assert "task cliff trial 0: failed" in done.err, done
    assert "[parse_failures, 3 steps" in done.err, done
    steps = list(read_steps(workdir / "results/toys/episodes/lake-4x4.0"))
    assert [type(step.decision.action).__name__ for step in steps] == ["CallTool", "Invalid", "Invalid", "CallTool"]
    prompt = steps[-1].decision.messages[-1].content
    assert "Not done: unknown function 'fly'; expected one of move, stop" in prompt
    assert "Not done: 'move', direction: 'north' is not one of ['left', 'down', 'right', 'up']" in prompt
    assert wa_run("report", "toys", "--html", "--single-file").code == 0
    page = (workdir / "results/toys/report.html").read_text()
    assert "'move', direction: 'north' is not one of" in html.unescape(page)
    exported = wa_run("export", "toys", "--to", "atif")
    assert exported.code == 0, exported
    document = json.loads((workdir / "results/atif/toys/lake-4x4.0/trajectory.json").read_text())
    offered = [each["function"]["name"] for each in document["agent"]["tool_definitions"]]
    calls = [call for step in document["steps"] for call in step.get("tool_calls", ())]
    assert offered == ["move", "stop"]
    assert [(call["function_name"], call["arguments"]) for call in calls] == [
        ("move", {"direction": "right"}),
        ("move", {"direction": "down"}),
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--profile", "webarena"),
            "environment 'toy-text' has functions to call, and this run has the action set 'id'",
        ),
        (("-o", "environment.python=/no/python"), "environment.python: /no/python is not there"),
    ],
)
def test_a_run_that_cannot_call_is_refused_before_it_begins(
    wa_run: WaRun, workdir: Path, options: tuple[str, ...], told: str
) -> None:
    (workdir / "replies.json").write_text("[]")
    replayed = ("--model", "replay", "-o", "model.options.path=replies.json")
    done = wa_run(*replayed, "--task-set", "toy-text", "--tasks", "all", *options)
    assert (done.code, told in done.err) == (2, True), done
    assert not (workdir / "results").exists()


@pytest.mark.browser
def test_the_model_backend_asks_its_server_and_the_reply_is_played(wa_run: WaRun, workdir: Path, house: str) -> None:
    (workdir / "house.yaml").write_text(f"backend: in-house\ncontext_window: 8192\noptions: {{url: {house}}}\n")
    checked = wa_run("models", "check", "./house.yaml")
    assert checked.code == 0, checked
    done = wa_run("--model", "./house.yaml", "--task-set", "handbook", "--tasks", '"badge"')
    assert "task badge trial 0: passed" in done.err, done


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_observer_adds_to_what_agents_see(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from webarena_runner.browser.session import BrowserSession
    from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

    monkeypatch.syspath_prepend(str(packages))
    named = ObservationSettings(observers=("link_targets",))
    start = "data:text/html,<title>Home</title><a href='http://127.0.0.1:9/keys'>Keys</a>"
    async with (
        BrowserSession(BrowserSettings(screenshots=False), named, SettleSettings()) as session,
        session.episode(urls={}, start_urls=[start]) as environment,
    ):
        seen = await environment.observe()
    assert seen.extras == {"link_targets": ["http://127.0.0.1:9/keys"]}


@pytest.fixture
def house() -> Iterator[str]:
    """URL of a server that follows the link to the keys, then stops."""
    with ThreadingHTTPServer(("127.0.0.1", 0), House) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/generate"
        server.shutdown()
        serving.join()


class House(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        page = prompt.rpartition("user:")[2]
        link = page.partition("] link 'Keys and badges'")[0].rpartition("[")[2] if "Keys and badges" in page else ""
        body = json.dumps({"text": f"```click [{link}]```" if link else "```stop []```"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not of interest."""


def official_record(task_id: int, evaluation: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "intent": "Show how many holidays I have",
        "intent_template_id": 1,
        "sites": ["wikipedia"],
        "start_url": "__WIKIPEDIA__",
        "storage_state": None,
        "eval": evaluation,
    }

"""`wa-run sites serve`: one shared instance for other harnesses, with task files and a reset."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Invoke, start
from webarena_runner.tasksets.config_files import MODULES

EXPORT = re.compile(r"\b([A-Z_]+)=(\S+)")
LIMIT_S = 60


@pytest.fixture
def serve(workdir: Path) -> Iterator[Callable[..., dict[str, str]]]:
    """Starts a server and returns the variables that it prints."""
    running: list[subprocess.Popen[str]] = []

    def serve(*arguments: str) -> dict[str, str]:
        server = start("sites", "serve", *arguments)
        running.append(server)
        assert server.stdout is not None
        exports: dict[str, str] = {}
        for line in server.stdout:
            exports |= dict(EXPORT.findall(line))
            if "WA_FULL_RESET" in exports:
                return exports
        raise AssertionError(server.communicate())

    yield serve
    for server in running:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=LIMIT_S)
        assert server.returncode == 0
    assert not (workdir / "sites.env").exists()


def profile_status(forum: str, user: str) -> int:
    return httpx.get(f"{forum}/user/{user}", trust_env=False).status_code


def register(forum: str, user: str) -> None:
    with httpx.Client(base_url=forum, follow_redirects=True, trust_env=False) as visitor:
        found = re.search(r'name="token" value="([^"]+)"', visitor.get("/registration").text)
        assert found
        fields = {"token": found[1], "username": user, "password": "secret-12", "repeat": "secret-12"}
        visitor.post("/registration", data=fields)


def test_task_files_urls_and_reset(serve: Callable[..., dict[str, str]], workdir: Path) -> None:
    (workdir / "sites.env").write_text("export REDDIT=http://127.0.0.1:1\n")
    told = serve("--sites", "reddit,gitlab", "--write-configs", "config_files", "--env-file", "sites.env")
    assert told["REDDIT"] == told["WA_REDDIT"]
    assert dict(EXPORT.findall((workdir / "sites.env").read_text())) == told

    folder = workdir / "config_files"
    tasks = json.loads((folder / "test.json").read_text())
    assert {tuple(sorted(task["sites"])) for task in tasks} >= {("reddit",), ("gitlab",)}
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["test.json", "test.raw.json", *MODULES, *(f"{task['task_id']}.json" for task in tasks)]
    )
    for task in tasks:
        assert json.loads((folder / f"{task['task_id']}.json").read_text()) == task
        assert "reference_actions" not in task
        assert not re.search("__[A-Z]+__", json.dumps(task))
        assert task["start_url"].startswith((told["REDDIT"], told["GITLAB"]))
    assert "__REDDIT__" in (folder / "test.raw.json").read_text()
    assert 'TASK_SET = "mini"' in (folder / "browsergym_tasks.py").read_text()

    register(told["REDDIT"], "newcomer")
    assert profile_status(told["REDDIT"], "newcomer") == 200
    assert httpx.post(told["WA_RESET_URL"], trust_env=False).status_code == 401
    wrong = httpx.post(told["WA_RESET_URL"], headers={"Authorization": "Bearer no"}, trust_env=False)
    assert wrong.status_code == 401
    assert httpx.get(told["WA_RESET_URL"], trust_env=False).status_code == 405
    assert httpx.post(f"{told['REDDIT']}/__reset__", trust_env=False).status_code in (403, 404, 405)
    assert profile_status(told["REDDIT"], "newcomer") == 200

    right = {"Authorization": f"Bearer {told['WA_RESET_TOKEN']}"}
    done = httpx.post(told["WA_RESET_URL"], headers=right, trust_env=False).json()
    assert done["reset"] == ["reddit", "gitlab"]
    assert profile_status(told["REDDIT"], "newcomer") == 404


def test_the_reset_that_browsergym_asks_for(
    serve: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WA_RESET_TOKEN", "chosen")
    told = serve("--sites", "reddit")
    assert told["WA_FULL_RESET"].endswith("/chosen")
    register(told["REDDIT"], "newcomer")
    assert httpx.get(f"{told['WA_FULL_RESET']}/reset", trust_env=False).status_code == 200
    assert httpx.get(f"{told['WA_FULL_RESET']}/status", trust_env=False).text == "Ready for duty!"
    assert profile_status(told["REDDIT"], "newcomer") == 404
    other = told["WA_FULL_RESET"].removesuffix("chosen") + "guessed"
    assert httpx.get(f"{other}/reset", trust_env=False).status_code == 401
    assert httpx.get(f"{other}/status", trust_env=False).status_code == 401


def test_a_folder_with_other_task_files_is_left_alone(invoke: Invoke, workdir: Path) -> None:
    folder = workdir / "config_files"
    folder.mkdir()
    (folder / "test.raw.json").write_text("[]")
    done = invoke("sites", "serve", "--sites", "wikipedia", "--write-configs", "config_files")
    assert done.code == 2
    assert "holds task files of something else (test.raw.json)" in done.err
    assert [path.name for path in folder.iterdir()] == ["test.raw.json"]
    assert (folder / "test.raw.json").read_text() == "[]"


def test_a_task_set_that_the_sites_cannot_serve_is_refused(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke("sites", "serve", "--sites", "map", "--task-set", str(own_tasks), "--write-configs", "new")
    assert done.code == 2
    assert "no task of 'own' can do with map alone" in done.err
    assert not Path("new").exists()

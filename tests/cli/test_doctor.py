"""`wa-run doctor` and the look at the sites before a run: what chosen tasks need decides what fails."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke, own_task
from tests.cli.test_models_check import model_file, serving
from tests.models.fake_openai import Reply, Server, completion, error
from tests.support.local_site import Site, serve

pytestmark = [pytest.mark.browser, pytest.mark.long]
FORUM = '<title>Forum</title><article class="submission">Hello</article>'
DEAD = "http://127.0.0.1:6000"


@pytest.fixture
def tasks(workdir: Path) -> str:
    """One task that starts on the forum, not logged in."""
    task = own_task(7, expected="hello", said="hello") | {"require_login": False, "storage_state": None}
    (workdir / "own.json").write_text(json.dumps([task]))
    return "own.json"


@contextmanager
def forum(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A forum whose log-in does not work, which the task does not need."""
    with serve() as site:
        site.page("/", FORUM)
        site.page("/search?q=the", FORUM)
        monkeypatch.setenv("REDDIT", site.url)
        yield site


def levels(done: Done) -> dict[tuple[str, str], str]:
    return {(each["site"], each["check"]): each["level"] for each in json.loads(done.out)["checks"]}


def test_all_is_well_with_the_embedded_sites(invoke: Invoke) -> None:
    done = invoke("doctor", "--tasks", "smoke", "--limit", "30", "--json")
    found = json.loads(done.out)
    assert [each for each in found["checks"] if each["site"] and each["level"] != "OK"] == []
    assert (done.code, found["ok"]) == (0, True)
    assert {"log-in", "search", "REST", "map tiles", "start pages"} <= {check for _, check in levels(done)}


def test_only_what_the_chosen_tasks_need_fails(invoke: Invoke, tasks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAP", DEAD)
    with forum(monkeypatch):
        done = invoke("doctor", "--task-set", tasks, "--json")
        found = levels(done)
        assert (found["reddit", "page"], found["reddit", "log-in"], found["map", "page"]) == (
            "OK",
            "warning",
            "warning",
        )
        assert done.code == 0
        without = invoke("doctor", "--json")
        assert (levels(without)["map", "page"], without.code) == ("fail", 1)


def test_another_application_is_not_asked_for_what_only_the_official_one_has(
    invoke: Invoke, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as site:
        site.page("/", "<title>Vexmoor Notes</title>hello")
        monkeypatch.setenv("REDDIT", site.url)
        done = invoke("doctor", "--task-set", tasks, "--json")
    found = levels(done)
    assert (found["reddit", "application"], found["reddit", "log-in"], done.code) == ("warning", "warning", 0)
    assert ("reddit", "search") not in found


def test_a_site_without_a_url_and_tasks_that_are_not_here_fail(invoke: Invoke, tasks: str) -> None:
    done = invoke("doctor", "--task-set", tasks)
    assert done.code == 1
    assert "URL: has no URL, and 1 of 1 tasks need it" in done.out
    assert "-> export REDDIT=http://HOST:PORT" in done.out
    absent = invoke("doctor", "--tasks", "all", "--json")
    assert (absent.code, levels(absent)["", "tasks"]) == (1, "fail")


def test_model_and_judge_are_asked(invoke: Invoke, workdir: Path) -> None:
    with serving(Server()) as server:
        name = model_file(workdir, "openai_chat", server.base_url)
        server.replies += [Reply(200, completion("Paris"))] * 4
        done = invoke("doctor", "--model", f"./{name}", "--judge", f"./{name}", "--json")
        assert (levels(done)["", "model"], levels(done)["", "judge"], done.code) == ("OK", "OK", 0)
        server.replies.clear()
        server.replies += [error(401, "no such key")] * 4
        refused = invoke("doctor", "--model", f"./{name}", "--judge", f"./{name}", "--json")
    assert (levels(refused)["", "model"], levels(refused)["", "judge"], refused.code) == ("fail", "fail", 1)


def run(invoke: Invoke, tasks: str, *options: str) -> tuple[Done, list[Any]]:
    done = invoke("--model", "oracle", "--task-set", tasks, "-o", "limits.retries=0", *options)
    return done, list(Path("results").glob("*/episodes/*/result.json"))


def test_a_run_looks_at_its_sites_first(invoke: Invoke, tasks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with forum(monkeypatch) as site:
        site.page("/", '<title>Sign in</title><input name="user[login]">')
        done, results = run(invoke, tasks)
        assert (done.code, results, list(Path("results").glob("2*"))) == (2, [], [])
        assert f"reddit: application: {site.url} is GitLab, and not Postmill -> correct host and port" in done.err
        assert "--skip-doctor" in done.err
        skipped, results = run(invoke, tasks, "--skip-doctor")
        assert (skipped.code, len(results)) == (0, 1)


def test_what_it_finds_and_can_do_without_is_a_note(
    invoke: Invoke, tasks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forum(monkeypatch) as site:
        site.page("/search?q=the", "<p>Nothing that looks like results, and no word of it")
        done, results = run(invoke, tasks)
    assert len(results) == 1
    assert "reddit: search:" in done.err
    assert "shows nothing that looks like results" in done.err


def test_a_variable_that_only_a_reset_needs_is_missed(
    invoke: Invoke, tasks: str, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reset = "{method: embedded, url: 'http://127.0.0.1:9/__reset__', token_env: LAB_TOKEN}"
    with forum(monkeypatch) as site:
        (workdir / "lab.yaml").write_text(f"options:\n  urls: {{reddit: '{site.url}'}}\n  reset: {reset}\n")
        done = invoke("doctor", "--model", "oracle", "--task-set", tasks, "--sites", "lab.yaml", "--json")
    (found,) = [each for each in json.loads(done.out)["checks"] if each["level"] == "fail"]
    assert "LAB_TOKEN" in found["found"]
    assert (levels(done)["reddit", "page"], done.code) == ("OK", 1)


def test_a_variable_that_another_one_hides_is_told(invoke: Invoke, tasks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with forum(monkeypatch) as site:
        monkeypatch.setenv("WA_REDDIT", site.url)
        monkeypatch.setenv("REDDIT", DEAD)
        done = invoke("doctor", "--task-set", tasks)
    assert f"REDDIT is {DEAD}, and WA_REDDIT, which wins over it, is {site.url}" in " ".join(done.out.split())
    assert done.out.splitlines()[-1].startswith("warning: ")

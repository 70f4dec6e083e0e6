"""Runs on sites given by URL: which accounts their checks use, and how far an episode may go."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.support.local_site import serve
from tests.tasksets.records import program_html, record, string_match, write

pytestmark = pytest.mark.browser
ACCOUNT = {"username": "lab-admin", "password": "lab-secret"}
REVIEWS = [{"nickname": "Emma", "ratings": [{"rating_name": "Rating", "percent": 80}]}]


class _Shop(BaseHTTPRequestHandler):
    """A shop whose REST interface takes one account, not the published one."""

    def do_GET(self) -> None:
        if not self.path.startswith("/rest/"):
            self._answer(200, "<!doctype html><html lang=en><title>Shop</title><p>Shop", "text/html")
        elif self.headers["Authorization"] == "Bearer a-token":
            self._answer(200, json.dumps(REVIEWS), "application/json")
        else:
            self._answer(401, "{}", "application/json")

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(*((200, '"a-token"') if sent == ACCOUNT else (401, "{}")), "application/json")

    def _answer(self, status: int, body: str, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def own_tasks(folder: Path, *actions: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """A task file with one task in the shop, not logged in, whose reference actions are these."""
    actions = (*actions, {"do": "stop", "answer": "done"})
    task = record(1, storage_state=None, eval=evaluation) | {"reference_actions": list(actions)}
    return str(write(folder / "own.json", [task]))


def test_checks_log_in_with_the_accounts_of_the_sites_file(
    shop: str, invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = program_html(
        locator="func:shopping_get_sku_latest_review_rating('B1')", required_contents={"exact_match": "80"}
    )
    Path("lab.yaml").write_text(
        f"urls:\n  shopping: {shop}\n"
        "accounts:\n  shopping_admin: {username_env: LAB_USER, password_env: LAB_PASSWORD}\n"
    )
    monkeypatch.setenv("LAB_USER", ACCOUNT["username"])
    monkeypatch.setenv("LAB_PASSWORD", ACCOUNT["password"])
    tasks = own_tasks(workdir, evaluation=newest)
    done = invoke("--model", "oracle", "--task-set", tasks, "--sites", "./lab.yaml", "-o", "limits.retries=0")
    assert "task 1 trial 0: passed" in done.err, done
    assert ACCOUNT["password"] not in "".join(path.read_text() for path in Path("results").rglob("*.json*"))


def test_an_episode_reaches_the_sites_of_its_task_and_the_home_page_and_no_other(
    shop: str, invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = "/seen"
    with serve() as forum, serve() as home:
        forum.page(visit, "<p>Forum")
        home.page(visit, "<p>Home")
        for site, url in (("SHOPPING", shop), ("REDDIT", forum.url), ("HOMEPAGE", home.url)):
            monkeypatch.setenv(site, url)
        tasks = own_tasks(
            workdir,
            {"do": "goto", "url": forum.url + visit},
            {"do": "goto", "url": home.url + visit},
            evaluation=string_match(exact_match="done"),
        )
        done = invoke("--model", "oracle", "--task-set", tasks, "-o", "limits.retries=0")
        assert "task 1 trial 0: passed" in done.err, done
        assert (forum.asked, visit in home.asked) == ([], True)

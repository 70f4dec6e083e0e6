"""A provider of sites that somebody else's package brings, with an option of its own."""

from pathlib import Path

import pytest

from tests.cli.conftest import Done, start
from tests.support.third_party import install
from tests.tasksets.records import program_html, record, write

pytestmark = pytest.mark.browser
LIMIT_S = 90
PROVIDER = """
import threading
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from webarena_runner.interfaces import SiteLease
from webarena_runner.types import Record


class Options(Record):
    greeting: str
    loud: bool = False


class Lab:
    Options = Options

    def __init__(self, options):
        self.options = options

    @classmethod
    def serves(cls, options):
        return frozenset({"shopping"})

    @classmethod
    def build(cls, setup):
        return cls(setup.options)

    async def __aenter__(self):
        said = self.options.greeting.upper() if self.options.loud else self.options.greeting

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                body = f"<!doctype html><html lang=en><title>Lab</title><h1>{said}</h1>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    async def __aexit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @asynccontextmanager
    async def lease(self, sites, *, login_sites, writes):
        yield SiteLease({site: f"http://127.0.0.1:{self.server.server_address[1]}" for site in sites}, label="lab")
"""


@pytest.fixture
def lab(workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its package installed, and a sites file that names it."""
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "lab_sites", PROVIDER, "[webarena_runner.sites]\nlab = lab_sites:Lab\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    (workdir / "lab.yaml").write_text("provider: lab\noptions:\n  greeting: welcome\n  loud: true\n")
    return workdir


def wa_run(*arguments: str) -> Done:
    running = start(*arguments)
    out, err = running.communicate(timeout=LIMIT_S)
    return Done(running.returncode, out, err)


def own_tasks(folder: Path, *sites: str) -> str:
    """One task that is done when the first of the sites greets loudly."""
    greeting = program_html(
        locator="document.querySelector('h1').outerText", required_contents={"exact_match": "WELCOME"}
    )
    task = record(1, sites=list(sites), storage_state=None, eval=greeting)
    return str(write(folder / "own.json", [task | {"reference_actions": [{"do": "stop", "answer": ""}]}]))


@pytest.mark.long
def test_tasks_are_run_on_its_sites_as_its_options_say(lab: Path) -> None:
    tasks = own_tasks(lab, "shopping")
    done = wa_run("--model", "oracle", "--task-set", tasks, "--sites", "./lab.yaml", "-o", "limits.retries=0")
    assert "task 1 trial 0: passed" in done.err, done


def test_an_option_that_it_does_not_have_is_told_with_its_place(lab: Path) -> None:
    with (lab / "lab.yaml").open("a") as file:
        file.write("  lowd: true\n")
    done = wa_run("--model", "oracle", "--task-set", own_tasks(lab, "shopping"), "--sites", "./lab.yaml")
    assert done.code == 2
    assert "lab.yaml, line 5, column 3: unknown key 'options.lowd'; did you mean options.loud?" in done.err


def test_a_site_that_it_does_not_serve_is_told_before_anything_starts(lab: Path) -> None:
    tasks = own_tasks(lab, "shopping", "map")
    done = wa_run("--model", "oracle", "--task-set", tasks, "--sites", "./lab.yaml")
    assert done.code == 2
    assert "map: 1 of 1 tasks" in done.err
    assert "'lab' serves shopping" in done.err


def test_the_status_of_its_sites_is_shown(lab: Path) -> None:
    done = wa_run("sites", "status", "--sites", "./lab.yaml")
    assert done.code == 0, done
    assert "shopping" in done.out

"""`wa-run observe`: what a model would see of any page."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.support.local_site import Site, serve

PAGE = (
    "<title>Shelf</title><h1>Shelf</h1><a href='/next'>Next page</a>"
    "<button onclick=\"document.title = 'Pushed'; this.textContent = 'Pushed'\">Push</button>"
    "<p style='margin-top: 3000px'>Far below</p>"
)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


def line_with(text: str, output: str) -> str:
    return next(line.strip() for line in output.splitlines() if text in line)


def test_a_page_is_printed_as_a_model_sees_it(invoke: Invoke, site: Site) -> None:
    done = invoke("observe", site.page("/", PAGE), "--ids", "stable")
    assert done.code == 0
    assert done.out.startswith("Tab 0 (current): Shelf\n\n[1] RootWebArea 'Shelf' focused: True\n")
    assert "Far below" not in done.out
    assert "url:" not in done.out


def test_options_choose_what_is_printed(invoke: Invoke, site: Site) -> None:
    url = site.page("/", PAGE)
    assert "Far below" in invoke("observe", url, "--full").out
    assert "url: " in line_with("Next page", invoke("observe", url, "--ax-properties", "browser").out)
    assert '<A href="/next">' in invoke("observe", url, "--mode", "html").out


def test_actions_are_played_one_after_the_other(invoke: Invoke, site: Site, workdir: Path) -> None:
    url = site.page("/", PAGE)
    opened = json.loads(invoke("observe", url, "--ids", "stable", "--json").out)
    button = next(node for node in opened["nodes"] if node["line"].startswith("button"))
    assert button["box"]["width"] > 0
    Path("play.txt").write_text(f"click [{button['id']}]\n\nclick [999]\n")
    done = invoke("observe", url, "--ids", "stable", "--json", "--actions", "play.txt", "--screenshot", "last.png")
    first, second, third = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert (first["action"], second["tabs"], second["action_error"]) == (None, ["Pushed"], "")
    assert second["action"] == {"kind": "click", "element_id": button["id"]}
    assert third["action_error"] in done.err
    assert Path("last.png").read_bytes().startswith(b"\x89PNG")


def test_a_script_runs_first_and_a_storage_state_is_there(invoke: Invoke, site: Site, workdir: Path) -> None:
    url = site.page("/", PAGE)
    cookie = {"name": "who", "value": "emma", "domain": "127.0.0.1", "path": "/"}
    Path("state.json").write_text(json.dumps({"cookies": [cookie], "origins": []}))
    Path("before.js").write_text("setTimeout(() => { document.querySelector('h1').textContent = document.cookie }, 50)")
    done = invoke("observe", url, "--auth", "state.json", "--before", "@before.js")
    assert "heading 'who=emma'" in done.out


def test_a_page_reaches_only_its_own_host_and_what_is_allowed(invoke: Invoke, site: Site) -> None:
    with serve() as other:
        other.page("/data", "words from there", headers={"Access-Control-Allow-Origin": "*"})
        script = f"fetch('{other.url}/data').then(r => r.text()).then(t => {{ document.body.textContent = t }})"
        url = site.page("/", f"<h1>Waiting</h1><script>{script}</script>")
        assert "words from there" not in invoke("observe", url).out
        assert "words from there" in invoke("observe", url, "--allow", other.url).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "'nowhere' is no address of a page"),
        (("file:///etc/passwd",), "is no address of a page"),
        (("about:blank", "--allow", "x y"), "--allow: 'x y' is no address"),
        (("about:blank", "--mode", "tree"), "expected 'accessibility_tree', 'html' or 'som', got 'tree'"),
        (("about:blank", "--auth", "missing.json"), "missing.json: cannot be read"),
        (("about:blank", "--actions", "missing.txt"), "missing.txt: cannot be read"),
        (("about:blank", "--before", "@missing.js"), "missing.js: cannot be read"),
        (("about:blank", "--profile", "webarenas"), "webarenas"),
    ],
)
def test_bad_usage_is_told_before_anything_starts(invoke: Invoke, arguments: tuple[str, ...], told: str) -> None:
    done = invoke("observe", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize("content", ["not json", "[]", '{"cookies": 1}'])
def test_a_file_that_is_no_storage_state_is_refused(invoke: Invoke, workdir: Path, content: str) -> None:
    Path("state.json").write_text(content)
    done = invoke("observe", "about:blank", "--auth", "state.json")
    assert (done.code, done.out) == (2, "")
    assert "--auth state.json" in done.err


def test_a_script_that_throws_is_bad_usage(invoke: Invoke, site: Site) -> None:
    done = invoke("observe", site.page("/", PAGE), "--before", "throw new Error('no shelf')")
    assert done.code == 2
    assert "--before: the script threw in the page: Error: no shelf" in done.err


def test_a_page_that_cannot_be_had_is_an_error_and_no_usage_error(invoke: Invoke, site: Site) -> None:
    done = invoke("observe", site.page("/down", "gone", status=503))
    assert (done.code, done.out) == (1, "")
    assert "503" in done.err

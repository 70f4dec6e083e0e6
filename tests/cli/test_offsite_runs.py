"""`wa-run --offsite`: what a run, its report and a re-scoring say of an agent that leaves the sites."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.support.local_site import serve
from tests.tasksets.records import record, string_match, write

pytestmark = [pytest.mark.browser, pytest.mark.long]
AWAY = "http://outside.test/page"


def play(invoke: Invoke, *options: str) -> tuple[Done, dict[str, Any]]:
    """A task that goes away and then answers what is right."""
    own = {"sites": ["reddit"], "start_url": "__REDDIT__", "storage_state": None}
    actions = [{"do": "goto", "url": AWAY}, {"do": "stop", "answer": "done"}]
    task = record(1, **own, eval=string_match(exact_match="done")) | {"reference_actions": actions}
    write(Path("own.json"), [task])
    with serve() as site:
        site.page("/", "<h1>Forum</h1>")
        Path("lab.yaml").write_text(f"urls:\n  reddit: {site.url}\n")
        named = ("--model", "oracle", "--task-set", "own.json", "--sites", "./lab.yaml", "--run-id", "r")
        done = invoke(*named, *options)
    (result,) = Path("results/r/episodes").glob("*/result.json")
    return done, json.loads(result.read_text())


def test_terminate_ends_the_episode_with_zero_and_every_reader_is_told(invoke: Invoke) -> None:
    done, result = play(invoke, "--offsite", "terminate")
    assert (result["ending"], result["value"], result["failure"]) == ("offsite", 0.0, None)
    assert (result["steps"], result["scores"], result["left_to"]) == (1, [], [AWAY])
    assert "1 episodes ended with 0 because they left the sites" in " ".join(done.out.split())
    report = json.loads(invoke("report", "r", "--json").out)
    assert (report["left_sites"], report["not_passed"][0]["why"]) == (1, f"left the sites: {AWAY}")
    rescored = json.loads(invoke("rescore", "r", "--profile", "strict", "--json").out)
    assert [(each["standing"], each["value"]) for each in rescored["episodes"]] == [("scored", 0.0)]


def test_block_is_the_default_and_lets_the_episode_go_on(invoke: Invoke) -> None:
    _, result = play(invoke)
    assert (result["ending"], result["value"], result["left_to"]) == ("answered", 1.0, [AWAY])
    assert result["blocked_hosts"] == {"outside.test:80": 1}
    assert json.loads(Path("results/r/manifest.json").read_text())["caution"].endswith("with WebArena's")


def test_allow_is_written_into_the_manifest_and_the_report(invoke: Invoke) -> None:
    done, result = play(invoke, "--offsite", "allow")
    manifest = json.loads(Path("results/r/manifest.json").read_text())
    assert manifest["config"]["settings"]["browser"]["offsite"] == "allow"
    assert "pages could reach hosts outside the sites (--offsite allow)" in manifest["caution"]
    assert "browser.offsite" in " ".join(manifest["profile_overrides"])
    assert "pages could reach hosts outside the sites" in " ".join(done.out.split())
    assert result["ending"] == "answered"


def test_another_word_is_bad_usage(invoke: Invoke) -> None:
    done = invoke("--model", "oracle", "--tasks", "smoke", "--offsite", "ignore")
    assert done.code == 2
    assert "--offsite" in done.err
    assert "'block', 'terminate' or 'allow'" in done.err

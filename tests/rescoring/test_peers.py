"""What BrowserGym, which evaluates after every action, and webarena-verified say of a past run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.rescoring.runs import Played, write_played
from webarena_runner.evaluators.string_match import StringSpec
from webarena_runner.evaluators.url_match import UrlSpec
from webarena_runner.types import Ending

SHOP = "http://localhost:7770"
CART = UrlSpec(reference_url="__SHOPPING__/cart")
BLUE = StringSpec(reference_answers={"exact_match": "blue"})


@pytest.mark.parametrize(
    ("played", "official", "browsergym", "told"),
    [
        (Played(1, [CART], url=f"{SHOP}/cart", way=[SHOP]), 1, 1, "after step 1"),
        (Played(1, [CART], url=SHOP, way=[SHOP, f"{SHOP}/cart"]), 0, 1, "after step 1"),
        (Played(1, [CART], url=f"{SHOP}/cart"), 1, 1, "matches"),
        (Played(1, [CART], url=f"{SHOP}/cart", way=[SHOP, "chrome-error://chromewebdata/"]), 1, 0, "does not load"),
        (Played(1, [BLUE], answer="blue", url=SHOP, way=[SHOP, "http://elsewhere.example/"]), 1, 0, "no site"),
        (Played(1, [BLUE], answer="blue", url=SHOP, way=[SHOP, "about:blank"]), 1, 1, ""),
    ],
)
def test_browsergym_ends_an_episode_where_it_passes_or_leaves(
    played: Played, official: int, browsergym: int, told: str, workdir: Path, invoke: Invoke
) -> None:
    write_played(workdir / "results", [played])
    found = json.loads(invoke("rescore", "r1", "--rules", "official|browsergym", "--json").out)
    (episode,) = found["episodes"]
    assert (episode["official"]["value"], episode["browsergym"]["value"]) == (official, browsergym)
    assert told in episode["browsergym"]["why"]


def test_one_peer_alone_is_written_beside_the_run(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", [Played(1, [CART], url=SHOP, way=[SHOP, f"{SHOP}/cart"])])
    found = json.loads(invoke("rescore", "r1", "--rules", "browsergym", "--json").out)
    assert (found["profile"], found["passed_before"], found["passed"]) == ("browsergym", 0, 1)
    assert (folder / "rescored" / "browsergym" / "episodes.jsonl").exists()


def test_all_episodes_are_shown_when_asked_for(workdir: Path, invoke: Invoke) -> None:
    write_played(workdir / "results", [Played(1, [BLUE], answer="blue"), Played(2, [BLUE], answer="red")])
    rules = ("--rules", "official,browsergym")
    assert "0 of 2 episodes differ" in invoke("rescore", "r1", *rules).out
    lines = invoke("rescore", "r1", *rules, "--all").out.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [["1", "1", "1"], ["2", "0", "0"]]


def test_webarena_verified_says_nothing_of_a_run_without_a_network_log(workdir: Path, invoke: Invoke) -> None:
    """Nor is its package asked for: there is nothing that it could be asked."""
    played = [Played(1, [BLUE], answer="blue"), Played(16, [BLUE], answer="blue")]
    write_played(workdir / "results", played, task_set="mini")
    done = invoke("rescore", "r1", "--rules", "verified")
    assert done.code == 1
    assert "1 need a live check, since the run has not kept what the check looks at: task 1" in done.out
    assert "it has no network log, which --record har keeps of a run as it begins" in done.out
    assert "1 are not in the task file, or cannot be read there: task 16" in done.out


@pytest.mark.parametrize("rules", ["official", "verified"])
def test_no_rules_have_a_say_in_an_episode_that_left_the_sites(rules: str, workdir: Path, invoke: Invoke) -> None:
    left: dict[str, Any] = {"ending": Ending.OFFSITE, "left_to": ("http://elsewhere.example/",)}
    folder = write_played(workdir / "results", [Played(1, [BLUE], answer="red", changes=left)], task_set="mini")
    assert invoke("rescore", "r1", "--rules", rules).code == 0
    (found,) = map(json.loads, next((folder / "rescored").glob("*/episodes.jsonl")).read_text().splitlines())
    assert (found["standing"], found["value"], found["before"]) == ("scored", 0, 0)
    assert found["why"] == "left the sites: http://elsewhere.example/"
    assert found["was"].startswith("string_match: ")

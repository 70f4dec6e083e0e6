"""A site that is not there, at the start or in mid-episode, is an error of the site and never a score."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.support.local_site import Site, serve
from tests.tasksets.records import record, string_match, write

pytestmark = pytest.mark.browser
FORUM = "<title>Forum</title><h1>Forum</h1><p>Posts"


def play(invoke: Invoke, site: Site, *actions: dict[str, Any]) -> tuple[Done, dict[str, Any]]:
    """One task that starts on the forum's root, not logged in, and its result."""
    own = {"sites": ["reddit"], "start_url": "__REDDIT__", "storage_state": None}
    answer = {"do": "stop", "answer": "done"}
    task = record(1, **own, eval=string_match(exact_match="done")) | {"reference_actions": [*actions, answer]}
    write(Path("own.json"), [task])
    Path("lab.yaml").write_text(f"urls:\n  reddit: {site.url}\n")
    options = ("-o", "limits.retries=0", "--run-id", "r")
    done = invoke("--model", "oracle", "--task-set", "own.json", "--sites", "./lab.yaml", *options)
    (result,) = Path("results/r/episodes").glob("*/result.json")
    return done, json.loads(result.read_text())


def test_a_rate_limit_told_with_status_200_is_no_start_page(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", "<h1>Oops</h1><p>You cannot post more. Wait a while before trying again.")
        done, result = play(invoke, site)
    assert done.code == 1
    assert (result["value"], result["failure"]["error_class"]) == (None, "site")
    assert "the site limits how often it is asked; use fewer --workers" in result["failure"]["message"]


def test_a_page_about_rate_limits_is_a_page(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", f"{FORUM} about our rate limit: " + "and so on, and so on. " * 50)
        done, result = play(invoke, site)
    assert (done.code, result["value"]) == (0, 1.0), done


def test_a_missing_start_page_scores_nothing(invoke: Invoke) -> None:
    with serve() as site:
        done, result = play(invoke, site)
    assert (done.code, result["value"], result["failure"]["error_class"]) == (1, None, "site")
    assert "answers with status 404" in done.err

"""A site that is not there, at the start or in mid-episode, is an error of the site and never a score."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.support.fault_proxy import Fault, FaultProxy, in_front_of
from tests.support.local_site import Reply, Site, serve
from tests.tasksets.records import record, string_match, write

pytestmark = [pytest.mark.browser, pytest.mark.long]
FORUM = "<title>Forum</title><h1>Forum</h1><p>Posts"


def goto(path: str) -> dict[str, Any]:
    return {"do": "goto", "url": f"__REDDIT__{path}"}


def play(
    invoke: Invoke,
    site: Site | FaultProxy,
    *actions: dict[str, Any],
    more_urls: Sequence[str] = (),
    settings: Sequence[str] = ("outages.replays=0",),
) -> tuple[Done, dict[str, Any]]:
    """One task that starts on the forum's root, not logged in, and its result."""
    own = {"sites": ["reddit"], "start_url": "__REDDIT__", "storage_state": None}
    answer = {"do": "stop", "answer": "done"}
    task = record(1, **own, eval=string_match(exact_match="done")) | {"reference_actions": [*actions, answer]}
    write(Path("own.json"), [task])
    Path("lab.yaml").write_text(json.dumps({"urls": {"reddit": site.url}, "more_urls": more_urls}))
    assigned = ("limits.retries=0", "browser.navigation_timeout_s=1.5", *settings)
    options = [*(word for each in assigned for word in ("-o", each)), "--run-id", "r", "--skip-doctor"]
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


def steps_of() -> list[dict[str, Any]]:
    (path,) = Path("results/r/episodes").glob("*/steps.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("500", "is down: .*/late: status 500, and its root does not answer either"),
        ("502", "is down: .*/late: status 502, and its root does not answer either"),
        ("refused", "went away: .*/late: net::ERR_CONNECTION_REFUSED"),
        ("reset", "went away: .*/late: net::ERR_CONNECTION_RESET"),
        # The limit of a navigation, and more.
        pytest.param("half-open", "is down: .*/late: no answer within the limit", marks=pytest.mark.slow),
    ],
)
def test_a_site_that_goes_away_in_mid_episode_scores_nothing(fault: Fault, told: str, invoke: Invoke) -> None:
    with serve() as site, in_front_of(site.url) as proxy:
        site.page("/", FORUM)

        def last_good() -> Reply:
            proxy.fail(fault)
            return Reply(FORUM)

        site.route("/good", last_good)
        done, result = play(invoke, proxy, goto("/good"), goto("/late"))
    failure = result["failure"]
    assert (done.code, result["value"], failure["error_class"], failure["may_retry"]) == (1, None, "site", True)
    assert re.search(told, failure["message"])
    assert len(result["site_failures"]) == 1
    assert steps_of()[1]["action_text"].startswith("goto"), "the step that met the outage is in the log"


def test_going_back_to_a_page_that_the_browser_kept_does_not_hide_an_outage(invoke: Invoke) -> None:
    with serve() as site, in_front_of(site.url) as proxy:
        cached = {"Cache-Control": "max-age=600"}
        site.page("/", FORUM, headers=cached)

        def last_good() -> Reply:
            proxy.fail("502")
            return Reply(FORUM, headers=cached)

        site.route("/good", last_good)
        done, result = play(invoke, proxy, goto("/good"), goto("/late"), {"do": "go_back"})
    assert (done.code, result["value"]) == (1, None), result
    assert "a site of this task is down" in result["failure"]["message"]
    assert "its root does not answer either" in result["failure"]["message"]


def test_one_failure_of_a_site_that_is_down_ends_the_episode(invoke: Invoke) -> None:
    with serve() as site, in_front_of(site.url) as proxy:
        site.page("/", FORUM)

        def last_good() -> Reply:
            proxy.fail("502")
            return Reply(FORUM)

        site.route("/good", last_good)
        late = [goto(f"/late/{number}") for number in range(6)]
        done, result = play(invoke, proxy, goto("/good"), *late)
    assert (done.code, result["value"], result["steps"]) == (1, None, 2)


@pytest.mark.parametrize("fault", ["502", "refused", "reset"])
@pytest.mark.parametrize("part", ["<script>fetch('/data')</script>", "<img src=/picture>"], ids=["data", "picture"])
def test_a_site_that_goes_away_after_it_gave_a_page_and_before_its_parts_scores_nothing(
    fault: Fault, part: str, invoke: Invoke
) -> None:
    with serve() as site, in_front_of(site.url) as proxy:
        site.page("/", FORUM)

        def without_parts() -> Reply:
            proxy.fail(fault)
            return Reply(FORUM + part)

        site.route("/good", without_parts)
        done, result = play(invoke, proxy, goto("/good"))
    assert (done.code, result["value"], result["failure"]["error_class"]) == (1, None, "site")
    assert re.search("went away|is down", result["failure"]["message"])


def test_data_that_a_site_which_is_there_fails_to_give_are_recorded_beside_the_score(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", f"{FORUM}<script>fetch('/data')</script><img src=/picture>")
        site.page("/data", "{}", status=500)
        site.page("/picture", "", status=500)
        done, result = play(invoke, site)
    assert (done.code, result["value"]) == (0, 1.0), done
    assert result["site_failures"] == ["__REDDIT__/data: status 500 (a part of a page)"]


def test_what_another_server_than_the_site_fails_to_give_is_no_outage(invoke: Invoke) -> None:
    with serve() as gone:
        pass
    with serve() as site:
        site.page("/", f"{FORUM}<script>fetch('{gone.url}/data')</script><img src={gone.url}/picture>")
        done, result = play(invoke, site, more_urls=[gone.url])
    assert (done.code, result["value"], result["site_failures"]) == (0, 1.0, []), done


def test_a_run_whose_only_site_stays_down_stops_and_says_how_to_go_on(invoke: Invoke) -> None:
    with serve() as site, in_front_of(site.url) as proxy:
        site.page("/", FORUM)

        def last_good() -> Reply:
            proxy.fail("refused")
            return Reply(FORUM)

        site.route("/good", last_good)
        waiting = ("outages.pause_s=0.1", "outages.longest_pause_s=0.1", "outages.longest_s=0.5")
        done, result = play(invoke, proxy, goto("/good"), goto("/late"), settings=waiting)
    assert (done.code, result["value"], result["failure"]["away"]) == (1, None, ["reddit of instance 1"])
    assert "1 episodes have no sites left: reddit of instance 1: down for" in done.err
    assert "resume" in done.err
    assert "lost since a site was down, which are no tries of their tasks: reddit of instance 1 (1)" in done.out


def test_an_error_page_that_the_agent_leaves_again_is_recorded_beside_the_score(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", FORUM)
        site.page("/bad", "<h1>Oops", status=500)
        done, result = play(invoke, site, goto("/bad"), goto("/"))
    assert (done.code, result["value"]) == (0, 1.0), done
    assert result["site_failures"] == ["__REDDIT__/bad: status 500"]
    assert "1 scored episodes met a page that a site failed to give and got over it" in done.out
    assert steps_of()[1]["observation"]["site_failures"] == [f"{site.url}/bad: status 500"]


def test_a_failure_in_a_window_that_a_page_opened_counts_where_the_agent_ends_in_it(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", f"{FORUM}<a href=/bad target=_blank>More</a>")
        site.page("/bad", "<h1>Oops", status=500)
        opened = {"do": "click", "role": "link", "name": "More"}
        done, result = play(invoke, site, opened, {"do": "tab_focus", "n": 1})
    assert (done.code, result["value"]) == (1, None), result
    assert "ended on a page that its site failed to give: __REDDIT__/bad: status 500" in result["failure"]["message"]


@pytest.mark.parametrize("status", [403, 404])
def test_what_an_agent_asks_for_in_vain_is_no_outage(status: int, invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", FORUM)
        site.page("/made-up", "<h1>No", status=status)
        done, result = play(invoke, site, goto("/made-up"))
    assert (done.code, result["value"], result["site_failures"]) == (0, 1.0, [])


def test_what_the_fence_kept_out_is_in_result_log_table_and_json(invoke: Invoke) -> None:
    with serve() as site:
        tiles = "".join(f"<img src=http://tiles.test:8081/{number}.png>" for number in range(3))
        site.page("/", f"{FORUM}{tiles}<script src=https://router.test/x.js></script>")
        done, result = play(invoke, site)
    assert result["blocked_hosts"] == {"tiles.test:8081": 3, "router.test:443": 1}
    told = "blocked: tiles.test:8081 (3 in 1 episodes), router.test:443 (1 in 1 episodes)"
    assert told in done.out
    assert "options.more_urls" in done.out
    assert "; blocked: tiles.test:8081 3, router.test:443 1; instance: 1\n" in Path("results/r/run.log").read_text()
    report = json.loads(invoke("report", "r", "--json").out)
    assert report["blocked_hosts"][0] == {"host": "tiles.test:8081", "requests": 3, "episodes": 1}


def test_a_start_page_that_is_refused_names_what_was_blocked(invoke: Invoke) -> None:
    with serve() as site:
        site.page("/", "", status=302, headers={"Location": "http://gitlab.test/"})
        _, result = play(invoke, site)
    assert (result["value"], result["blocked_hosts"]) == (None, {"gitlab.test:80": 1})
    assert "configured is __REDDIT__, arrived at http://gitlab.test" in result["failure"]["message"]

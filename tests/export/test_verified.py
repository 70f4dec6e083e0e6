"""What is written for webarena-verified; tests/peer/test_verified.py has its evaluator score it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.export.runs import a_step, errored, failed, passed, small_run, write_run
from tests.export.test_recordings import entry, record
from tests.log.records import make_manifest, make_result
from webarena_runner.export.verified.addresses import Stable
from webarena_runner.export.verified.answers import agent_response, own_response, retrieved_data
from webarena_runner.export.verified.known import Known
from webarena_runner.log.paths import RunPaths
from webarena_runner.types import Check, Ending, Failure, Task

NUMBER, DATE = Known("RETRIEVE", {"type": "number"}), Known("RETRIEVE", {"type": "string", "format": "date"})
PROTOCOL = {"task_type": "RETRIEVE", "status": "SUCCESS", "retrieved_data": [4], "error_details": None}
URLS = {"shopping": "http://127.0.0.1:33687", "shopping_admin": "http://127.0.0.1:33688/admin"}


def task(*kinds: str, writes: bool = False) -> Task:
    checks = tuple(Check(kind=kind, spec={}) for kind in kinds)
    place: dict[str, Any] = {"sites": ("shopping",), "start_urls": (), "login_sites": (), "raw": {}}
    return Task(task_set="mini", task_id=7, intent="Do it.", checks=checks, writes=writes, **place)


@pytest.mark.parametrize(
    ("answer", "known", "items"),
    [
        ("42", None, [42]),
        ("1,234", None, [1234]),
        ("$1,234.50", None, [1234.5]),
        ("-3", None, [-3]),
        ("000000178", None, ["000000178"]),
        ("7min", None, ["7min"]),
        ("Rosa P., Bridget V., and Hazel C.", None, ["Rosa P.", "Bridget V.", "Hazel C."]),
        ("- Sprite\n- Band", None, ["Sprite", "Band"]),
        ("1. Sprite\n2. 1,000", None, ["Sprite", 1000]),
        ("a; b, c", None, ["a", "b, c"]),
        ("March 2, 2022", None, ["March 2, 2022"]),
        ("5000 Forbes Ave, Pittsburgh, PA 15213", None, ["5000 Forbes Ave, Pittsburgh, PA 15213"]),
        ("2nd of March, this year", DATE, ["2nd of March, this year"]),
        ("3 customers", NUMBER, [3]),
        ("3 customers", None, ["3 customers"]),
        ("between 3 and 4", NUMBER, ["between 3 and 4"]),
        ('["a, b", 3]', None, ["a, b", 3]),
        ('{"min": 1, "max": 2}', None, [{"min": 1, "max": 2}]),
        ("", None, []),
    ],
)
def test_items_of_a_plain_answer(answer: str, known: Known | None, items: list[Any]) -> None:
    assert retrieved_data(answer, known) == items


@pytest.mark.parametrize(
    "answer", [json.dumps(PROTOCOL), f"Here:\n```json\n{json.dumps(PROTOCOL)}\n```", f"```\n{json.dumps(PROTOCOL)}```"]
)
def test_a_response_of_the_protocol_stays_as_it_is(answer: str) -> None:
    assert agent_response(make_result(7, 0.0, answer=answer), task("program_html", writes=True), None) == PROTOCOL


@pytest.mark.parametrize("answer", ["", "4", "null", '{"status": "x"}', f"So: {json.dumps(PROTOCOL)}", "[" * 9999])
def test_other_answers_are_no_response_of_the_protocol(answer: str) -> None:
    assert own_response(answer) is None


@pytest.mark.parametrize(
    ("of", "known", "task_type"),
    [
        (task("string_match"), None, "RETRIEVE"),
        (task("string_match", "url_match"), None, "RETRIEVE"),
        (task("url_match"), None, "NAVIGATE"),
        (task("url_match", "program_html", writes=True), None, "MUTATE"),
        (task("url_match"), Known("MUTATE"), "MUTATE"),
        (None, None, "RETRIEVE"),
    ],
)
def test_the_type_goes_by_the_dataset_and_else_by_the_checks(
    of: Task | None, known: Known | None, task_type: str
) -> None:
    assert agent_response(make_result(7, 1.0, answer="x"), of, known)["task_type"] == task_type


@pytest.mark.parametrize(
    ("answer", "ending", "status"),
    [
        ("x", Ending.ANSWERED, "SUCCESS"),
        ("N/A", Ending.ANSWERED, "NOT_FOUND_ERROR"),
        (" n/a. ", Ending.ANSWERED, "NOT_FOUND_ERROR"),
        ("", Ending.STEP_LIMIT, "UNKNOWN_ERROR"),
        ("", "a_newer_ending", "UNKNOWN_ERROR"),
    ],
)
def test_the_status_says_how_it_ended(answer: str, ending: Ending | str, status: str) -> None:
    response = agent_response(make_result(7, 0.0, answer=answer, ending=ending), task("string_match"), None)
    assert (response["status"], response["retrieved_data"]) == (status, ["x"] if status == "SUCCESS" else None)


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("http://127.0.0.1:33687/a?b=1", "http://onestopmarket.com/a?b=1"),
        ("http://127.0.0.1:33688/admin/x", "http://luma.com/admin/x"),
        ("/go?to=http%3A%2F%2F127.0.0.1%3A33687%2Fa", "/go?to=http%3A%2F%2Fonestopmarket.com%2Fa"),
        ('{"u":"http:\\/\\/127.0.0.1:33687\\/"}', '{"u":"http:\\/\\/onestopmarket.com\\/"}'),
        ("127.0.0.1:33687", "onestopmarket.com"),
        ("http://127.0.0.1:336870/", "http://127.0.0.1:336870/"),
        ("http://10.127.0.0.1:33687/", "http://10.127.0.0.1:33687/"),
    ],
)
def test_addresses_are_those_of_every_run(text: str, stable: str) -> None:
    assert Stable(URLS).value({"a": [text]}) == {"a": [stable]}


def test_sites_of_one_host_keep_their_paths() -> None:
    stable = Stable({"shopping": "https://lab:7770/shop", "reddit": "https://lab:7770/forum", "notes": "http://lab:1"})
    assert stable.environments == {
        "reddit": "https://reddit.com/forum",
        "shopping": "https://reddit.com/shop",
        "notes": "http://notes.example",
    }
    assert stable.text("https://lab:7770/shop/x") == "https://reddit.com/shop/x"


def written(folder: Path) -> dict[str, Any]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/agent_response.json")}


def test_a_run_is_written_in_the_layout_that_is_read(invoke: Invoke, workdir: Path) -> None:
    run = [passed(1, answer="4", site_urls=URLS), failed(2, site_urls=URLS)]
    folder = write_run(workdir / "results" / "r1", run, manifest=make_manifest("r1", (1, 2)))
    for task_id in (1, 2):
        posted = {"method": "POST", "postData": {"mimeType": "text/plain", "text": "http://127.0.0.1:33687/x"}}
        record(folder, task_id, entry("http://127.0.0.1:33687/a", **posted))
    done = invoke("export", "r1", "--to", "verified")
    out = workdir / "results" / "verified" / "r1"
    assert done.out.startswith(
        "verified: results/verified/r1 (2 of 2 planned tasks; 2 responses made from plain answers"
    )
    assert written(out)["1"]["retrieved_data"] == [4]
    har = json.loads((out / "1" / "network.har").read_text())
    asked = har["log"]["entries"][0]["request"]
    assert (asked["url"], asked["postData"]["text"]) == ("http://onestopmarket.com/a", "http://onestopmarket.com/x")
    config = json.loads((out / "config.json").read_text())
    assert config["environments"]["__SHOPPING_ADMIN__"] == {"urls": ["http://luma.com/admin"]}
    assert "webarena-verified==1.2.3" in (out / "README.md").read_text()


def test_what_cannot_be_scored_there_is_left_out_and_named(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    record(folder, 1, entry("http://a/"))
    record(folder, 2)
    record(folder, 3, entry("http://a/"))
    done = invoke("export", "r1", "--to", "verified=out")
    assert sorted(written(workdir / "out")) == ["1"]
    told = (workdir / "out" / "README.md").read_text()
    for reason in (
        "task 2: it has no network log, or an empty one",
        "task 3: it ended in an error",
        "task 4: it has no",
    ):
        assert reason in done.out
        assert reason in told
    assert invoke("export", "r1", "--to", "verified=out", "-o", "errored=true").code == 0
    assert written(workdir / "out")["3"]["status"] == "UNKNOWN_ERROR"
    invoke("export", "r1", "--to", "verified=out")
    assert sorted(written(workdir / "out")) == ["1"]


def test_an_episode_that_only_lacks_a_judge_is_written_as_it_was_played(invoke: Invoke, workdir: Path) -> None:
    failure = Failure(error_class="judge", message="no judge", traceback="", may_retry=False)
    results = [errored(1, failure=failure), errored(2, failure=failure)]
    steps = {1: [a_step(0), a_step(1, answer="two")], 2: [a_step(0)]}
    folder = write_run(workdir / "results" / "r1", results, steps=steps, manifest=make_manifest("r1", (1, 2)))
    record(folder, 1, entry("http://a/"))
    record(folder, 2, entry("http://a/"))
    assert "task 2: it ended in an error (judge)" in invoke("export", "r1", "--to", "verified=out").out
    response = written(workdir / "out")["1"]
    assert (response["status"], response["retrieved_data"]) == ("SUCCESS", ["two"])


def test_each_trial_has_a_folder_of_its_own(invoke: Invoke, workdir: Path) -> None:
    manifest = make_manifest("r1", (1,), planned=((1, 0), (1, 1)))
    results = [passed(1, answer="4"), failed(1, trial=1, answer="5")]
    folder = write_run(workdir / "results" / "r1", results, manifest=manifest)
    first = record(folder, 1, entry("http://a/"))
    RunPaths(folder).episode(1, 1).har.write_bytes(first.read_bytes())
    done = invoke("export", "r1", "--to", "verified=out")
    assert [line.split(" (")[0] for line in done.out.splitlines()] == ["verified: out/trial-0", "out/trial-1"]
    assert written(workdir / "out" / "trial-0")["1"]["retrieved_data"] == [4]
    assert written(workdir / "out" / "trial-1")["1"]["retrieved_data"] == [5]


def test_responses_are_written_where_the_task_records_are_damaged(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    record(folder, 1, entry("http://a/"))
    RunPaths(folder).tasks.write_text("{}\n")
    done = invoke("export", "r1", "--to", "verified=out")
    assert done.code == 0
    assert "has changed since the run began" in done.out
    assert sorted(written(workdir / "out")) == ["1"]


DATASET = [{"task_id": 1, "eval": [{"evaluator": "AgentResponseEvaluator", "expected": {"task_type": "navigate"}}]}]


@pytest.mark.parametrize(
    ("content", "why"),
    [("{", "is no JSON"), ("{}", "expected webarena-verified's task file"), ("[1, {}]", "has no task with")],
)
def test_a_dataset_that_is_none_is_refused(content: str, why: str, invoke: Invoke, workdir: Path) -> None:
    small_run(workdir / "results")
    (workdir / "d.json").write_text(content)
    done = invoke("export", "r1", "--to", "verified", "-o", "dataset=d.json")
    assert done.code == 2
    assert why in done.err


def test_the_dataset_says_what_a_task_asks_for_and_is_in_the_configuration(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    record(folder, 1, entry("http://a/"))
    (workdir / "d.json").write_text(json.dumps(DATASET))
    assert invoke("export", "r1", "--to", "verified=out", "-o", "dataset=d.json").code == 0
    assert written(workdir / "out")["1"]["task_type"] == "NAVIGATE"
    config = json.loads((workdir / "out" / "config.json").read_text())
    assert config["test_data_file"] == str(workdir / "d.json")

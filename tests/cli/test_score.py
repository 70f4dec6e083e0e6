"""`wa-run score`: recorded outcomes in, scores out."""

import gzip
import io
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke, own_task

Outcome = dict[str, Any]


def _checked_by(task_id: int, *kinds: str, **checks: Any) -> dict[str, Any]:
    task = own_task(task_id, expected="hello", said="hello")
    return task | {"eval": task["eval"] | {"eval_types": list(kinds)} | checks}


@pytest.fixture
def tasks_file(workdir: Path) -> str:
    """Task 1 wants an answer, task 2 asks a judge, task 3 wants a URL, task 4 two pages."""
    targets = [
        {"url": "last", "locator": "document.title", "required_contents": {"exact_match": "Books"}},
        {"url": "__REDDIT__/f/x", "locator": "", "required_contents": {"must_include": ["new |OR| __REDDIT__/old"]}},
    ]
    tasks = [
        own_task(1, expected="hello", said="hello"),
        _checked_by(2, "string_match", reference_answers={"fuzzy_match": ["three"]}),
        _checked_by(3, "url_match", reference_url="__REDDIT__/f/books"),
        _checked_by(4, "program_html", program_html=targets),
    ]
    (workdir / "tasks.json").write_text(json.dumps(tasks))
    return "tasks.json"


def _line(task_id: int, kind: str, **values: Any) -> str:
    return json.dumps({"task_id": task_id, "type": kind, **values})


def _write(*lines: str) -> str:
    Path("outcomes.jsonl").write_text("\n".join(lines) + "\n")
    return "outcomes.jsonl"


def _records(out: str) -> list[Outcome]:
    return [json.loads(line) for line in out.splitlines()]


BOOKS = "http://localhost:9999/f/books"
SCORED: Mapping[str, Outcome] = {
    _line(1, "string_match", answer=" 'Hello' ", judge_reply=None, judge_calls=0, score=0.5): {"score": 1.0},
    _line(1, "string_match", answer="bye"): {"score": 0.0},
    _line(2, "string_match", answer="3", judge_reply="Correct."): {"score": 1.0},
    _line(2, "string_match", answer="4", judge_reply="incorrect"): {"score": 0.0},
    _line(2, "string_match", answer="4", judge_reply="who knows"): {"score": 0.0, "judge_unclear": True},
    _line(3, "url_match", final_url=BOOKS + "/1"): {"score": 1.0},
    _line(3, "url_match", final_url=""): {"score": 0.0},
    _line(4, "program_html", last_url=BOOKS, selected=["books", "all is new"]): {"score": 1.0},
    _line(4, "program_html", selected=["books", "see http://localhost:9999/old"]): {"score": 1.0},
    _line(4, "program_html", last_url="", selected=["books", "__REDDIT__/old"]): {"score": 0.0},
}


def test_every_type_is_scored_in_order_with_one_line_each(invoke: Invoke, tasks_file: str) -> None:
    done = invoke("score", _write(*SCORED), "--tasks-file", tasks_file)
    assert (done.code, done.err) == (0, "")
    expected = [
        {key: given[key] for key in ("task_id", "type")} | became
        for given, became in ((json.loads(line), became) for line, became in SCORED.items())
    ]
    assert _records(done.out) == expected


@pytest.mark.parametrize("only", ["string_match", "url_match", "program_html"])
def test_only_one_type(only: str, invoke: Invoke, tasks_file: str) -> None:
    done = invoke("score", _write(*SCORED), "--only", only, "--tasks-file", tasks_file)
    assert Counter(record["type"] for record in _records(done.out)) == {
        only: sum(f'"{only}"' in line for line in SCORED)
    }


BAD = [
    ("nonsense", "Invalid JSON"),
    ("[]", "expected an object"),
    ('{"task_id": 1}', "key 'type' is missing"),
    (
        _line(1, "page_image", answer="x"),
        "'page_image' is no evaluator; expected 'agent_response', 'network_event', 'page_image_query', 'pro",
    ),
    (_line(3, "url_match", answer="x"), "key 'final_url' is missing"),
    ('{"task_id": 3.5, "type": "url_match", "final_url": "x"}', "task_id: expected an integer or a text, got 3.5"),
    (_line(4, "program_html", selected=["a", []]), "selected.1.str: expected a valid string, got []"),
    ("[" * 100_000, "Invalid JSON"),
]


def test_malformed_lines_are_told_by_number_and_do_not_stop_the_rest(invoke: Invoke, tasks_file: str) -> None:
    good = _line(3, "url_match", final_url=BOOKS)
    lines = [part for bad, _ in BAD for part in (bad, good, "")]
    done = invoke("score", _write(*lines), "--tasks-file", tasks_file)
    assert done.code == 1
    assert [record["score"] for record in _records(done.out)] == [1.0] * len(BAD)
    told = done.err.splitlines()
    assert len(told) == len(BAD)
    for index, (_, why) in enumerate(BAD):
        assert told[index].startswith(f"line {3 * index + 1}: ")
        assert why in told[index]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (_line(9, "url_match", final_url="x"), "task 9 is none of the 4 tasks"),
        (_line(1, "url_match", final_url="x"), "task 1 is not scored by url_match but by string_match"),
        (_line(4, "program_html", selected=["Books"]), "task 4: the check has 2 targets, but 'selected' has 1 texts"),
        (_line(2, "string_match", answer="3"), "only a run with a judge can score this"),
        (_line(2, "string_match", answer="3", judge_reply=None), "against 'three' was not recorded"),
    ],
)
def test_an_outcome_without_a_score_has_an_error(line: str, why: str, invoke: Invoke, tasks_file: str) -> None:
    done = invoke("score", _write(line, _line(3, "url_match", final_url=BOOKS)), "--tasks-file", tasks_file)
    faulty, good = _records(done.out)
    assert done.code == 1
    assert why in faulty["error"]
    assert "score" not in faulty
    assert done.err == f"line 1: {faulty['error']}\n"
    assert good["score"] == 1.0


def test_bytes_that_are_no_text_are_a_malformed_line(invoke: Invoke, tasks_file: str) -> None:
    Path("outcomes.jsonl").write_bytes(b'{"task_id": 3, "type": "url_match", "final_url": "\xff"}\n')
    done = invoke("score", "outcomes.jsonl", "--tasks-file", tasks_file)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("line 1: Invalid JSON")


def test_sites_and_profile_are_those_that_are_named(invoke: Invoke, tasks_file: str) -> None:
    Path("mine.yaml").write_text("urls: {reddit: 'forum.test:80'}")
    outcomes = _write(
        *(_line(3, "url_match", final_url=f"{url}/f/bookshop") for url in ("http://forum.test:80", BOOKS))
    )
    for profile, expected in (("webarena", [1.0, 0.0]), ("libwebarena", [1.0, 0.0]), ("strict", [0.0, 0.0])):
        done = invoke("score", outcomes, "--tasks-file", tasks_file, "--sites", "mine.yaml", "--profile", profile)
        assert [record["score"] for record in _records(done.out)] == expected


def test_a_site_that_the_sites_file_lacks_is_an_error_of_the_line(invoke: Invoke, tasks_file: str) -> None:
    Path("mine.yaml").write_text("urls: {shopping: 'http://shop.test'}")
    outcomes = _write(_line(3, "url_match", final_url=BOOKS), _line(1, "string_match", answer="hello"))
    done = invoke("score", outcomes, "--tasks-file", tasks_file, "--sites", "mine.yaml")
    lacking, good = _records(done.out)
    assert (done.code, good["score"]) == (1, 1.0)
    assert "needs the URL of 'reddit'" in lacking["error"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("from_stdin", [False, True])
def test_files_and_stdin_plain_and_compressed(
    packed: bool, from_stdin: bool, invoke: Invoke, tasks_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _line(3, "url_match", final_url=BOOKS).encode()
    content = gzip.compress(content) if packed else content
    Path("outcomes").write_bytes(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    done = invoke("score", "-" if from_stdin else "outcomes", "--tasks-file", tasks_file)
    assert (done.code, [record["score"] for record in _records(done.out)]) == (0, [1.0])


def test_an_empty_file_has_no_scores(invoke: Invoke, tasks_file: str) -> None:
    Path("empty").touch()
    done = invoke("score", "empty", "--tasks-file", tasks_file)
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["absent.jsonl"], "absent.jsonl: the outcomes cannot be read: No such file"),
        (["."], ".: the outcomes cannot be read: Is a directory"),
        (["cut.gz"], "cut.gz: the outcomes cannot be read"),
        (["empty", "--only", "url"], "--only url: expected one of agent_response, network_event, page_image_query, p"),
        (["empty", "--profile", "strickt"], "did you mean 'strict'"),
        (["empty", "--profile", "odd.yaml"], "unknown key 'scoring.numbers'"),
        (["empty", "--sites", "embedded"], "official-ports"),
        (["empty", "--tasks-file", "absent.json"], "absent.json"),
    ],
)
def test_bad_usage(arguments: list[str], why: str, invoke: Invoke, tasks_file: str) -> None:
    Path("empty").touch()
    Path("odd.yaml").write_text("scoring: {numbers: true}")
    Path("cut.gz").write_bytes(gzip.compress(_line(1, "string_match", answer="x").encode() * 1000)[:60])
    done = invoke("score", *arguments, *([] if "--tasks-file" in arguments else ["--tasks-file", tasks_file]))
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_without_a_task_file_the_fetched_set_is_asked_for(invoke: Invoke) -> None:
    done = invoke("score", _write(_line(1, "string_match", answer="x")))
    assert done.code == 2
    assert "wa-run tasks fetch webarena" in done.err


def test_a_file_that_is_not_there_is_told_before_tasks_that_were_not_fetched(invoke: Invoke) -> None:
    done = invoke("score", "absent.jsonl")
    assert (done.code, "absent.jsonl: the outcomes cannot be read: No such file" in done.err) == (2, True), done


def test_help_has_the_format(invoke: Invoke) -> None:
    shown = invoke("score", "--help").out
    for word in ("judge_reply", "final_url", "selected", "judge_unclear", "Exit code"):
        assert word in shown


@pytest.mark.parametrize("profile", ["webarena", "libwebarena"])
def test_all_recorded_outcomes_have_the_official_score(profile: str, invoke: Invoke, shared: Path) -> None:
    golden = shared / "goldens" / "scoring.jsonl.gz"
    tasks = shared / "data" / "webarena" / "test.raw.json"
    done = invoke("score", str(golden), "--tasks-file", str(tasks), "--profile", profile)
    with gzip.open(golden, "rt", encoding="utf-8") as lines:
        official = [json.loads(line) for line in lines]
    got = _records(done.out)
    assert (done.code, done.err, len(got)) == (0, "", 16_111)
    for given, found in zip(official, got, strict=True):
        crashed = {"judge_unclear": True} if given.get("error") == "AssertionError" else {}
        expected = {"task_id": given["task_id"], "type": given["type"], "score": given.get("score", 0.0), **crashed}
        assert found == expected, given

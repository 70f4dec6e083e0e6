"""Runs on two copies of the embedded shop as instances of a sites file, reset by each policy."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.cli.served_copies import Copy, served_copies
from tests.tasksets.records import program_html, record, write

pytestmark = [pytest.mark.browser, pytest.mark.long]
LAMP = "Castell Lantern LED Strip Light, 1100 Lumen, Brass"
SEEN = f"document.body.outerText.includes('{LAMP}') ? 'is there' : 'is not'"
WISHED = program_html(url="__SHOPPING__/wishlist/", locator=SEEN, required_contents={"exact_match": "is there"})
NOT_WISHED = program_html(url="__SHOPPING__/wishlist/", locator=SEEN, required_contents={"exact_match": "is not"})
WISHES = [
    {"do": "type", "role": "textbox", "name": "Search", "text": "lantern led strip light", "enter": True},
    {"do": "click", "role": "link", "name": LAMP},
    {"do": "click", "role": "button", "name": "Add to Wish List"},
]
STOP = {"do": "stop", "answer": ""}


def tasks() -> list[dict[str, Any]]:
    """By turns one that wishes for a lamp, and one that does not find it among the wishes."""
    wishing = [record(number, eval=WISHED) | {"reference_actions": [*WISHES, STOP]} for number in (1, 3, 5)]
    finding = [record(number, eval=NOT_WISHED) | {"reference_actions": [STOP]} for number in (2, 4, 6)]
    return [task for pair in zip(wishing, finding, strict=True) for task in pair]


@pytest.fixture(scope="module")
def served() -> Iterator[list[Copy]]:
    with served_copies(2, ["shopping", "homepage"]) as found:
        yield found


@pytest.fixture
def copies(served: list[Copy], workdir: Path, monkeypatch: pytest.MonkeyPatch) -> list[Copy]:
    for copy in served:
        copy.reset()
        monkeypatch.setenv(copy.token_env, copy.token)
    write_lab(served)
    write(workdir / "wishes.json", tasks())
    return served


def write_lab(copies: list[Copy], *more: str) -> None:
    Path("lab.yaml").write_text(f"options:\n  instances:\n{''.join(copy.as_yaml(*more) for copy in copies)}")


def run(invoke: Invoke, *arguments: str) -> Done:
    return invoke(
        *("--model", "oracle", "--task-set", "./wishes.json", "--sites", "./lab.yaml", "--run-id", "r1"),
        *("-o", "limits.retries=0", "-o", "browser.screenshots=false", *arguments),
    )


def resets() -> list[dict[str, Any]]:
    path = Path("results/r1/resets.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("policy", ["per-task", "after-write"])
def test_no_task_sees_what_another_one_wrote(copies: list[Copy], invoke: Invoke, policy: str) -> None:
    done = run(invoke, "--reset", policy, "--yes", "--workers", "2")
    assert done.code == 0, done
    assert done.err.count(": passed") == 6, done
    assert {reset["instance"] for reset in resets()} == {"1", "2"}
    assert all(reset["error"] == "" and reset["sites"] == ["shopping", "homepage"] for reset in resets())
    assert " resets of shared sites (shopping, homepage), " in done.out
    log = Path("results/r1/run.log").read_text()
    assert "resetting shopping, homepage of instance 1: before the run" in log


def test_without_resets_a_task_sees_what_another_one_wrote(copies: list[Copy], invoke: Invoke) -> None:
    done = run(invoke, "--reset", "never")
    assert done.err.count(": passed") < 6, done
    assert resets() == []


def test_officially_each_instance_is_reset_once_before_the_run(copies: list[Copy], invoke: Invoke) -> None:
    done = run(invoke, "--yes", "--workers", "2")
    assert done.err.count(": passed") < 6, done
    assert sorted((reset["instance"], reset["why"]) for reset in resets()) == [
        ("1", "before the run"),
        ("2", "before the run"),
    ]


def test_an_instance_that_does_not_come_back_is_left_out(
    copies: list[Copy], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(copies[0].token_env, "wrong")
    done = run(invoke, "--reset", "after-write", "--yes", "--workers", "2")
    assert done.err.count(": passed") == 6, done
    assert {reset["instance"] for reset in resets() if not reset["error"]} == {"2"}
    assert "shopping, homepage of instance 1 could not be reset" in done.out


def test_a_run_without_any_instance_left_stops_to_be_resumed(
    copies: list[Copy], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    for copy in copies:
        monkeypatch.setenv(copy.token_env, "wrong")
    done = run(invoke, "--yes")
    assert done.code == 1
    assert "stopped early" in done.err
    assert "wa-run resume" in done.err
    for copy in copies:
        monkeypatch.setenv(copy.token_env, copy.token)
    again = invoke("resume", "r1", "--reset", "after-write", "--yes")
    assert (again.code, again.err.count(": passed")) == (0, 6), again

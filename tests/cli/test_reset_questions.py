"""What is asked and told of resets before a run, which then does not begin."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import WA_RUN, Done, Invoke
from tests.cli.served_copies import Copy, served_copies
from tests.log.records import make_manifest
from tests.tasksets.records import record, write
from webarena_runner.log.writing import add_reset
from webarena_runner.types import SiteReset

ASKED = "this run resets shopping of 2 instances before the run: what was done to them is lost"


@pytest.fixture
def lab(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two instances of a shop, of which none is there, and a task."""
    write(workdir / "own.json", [record(1)])
    path = workdir / "lab.yaml"
    path.write_text(
        "options:\n  reset: {method: command, command: exit 1}\n"
        "  instances:\n  - urls: {shopping: 'http://127.0.0.1:1'}\n  - urls: {shopping: 'http://127.0.0.1:2'}\n"
    )
    return path


def run(invoke: Invoke, *arguments: str) -> Done:
    return invoke("--model", "oracle", "--task-set", "./own.json", "--sites", "./lab.yaml", *arguments)


def test_where_nobody_can_be_asked_a_run_wants_to_be_told(lab: Path, invoke: Invoke) -> None:
    done = run(invoke)
    assert done.code == 2
    assert ASKED in done.err
    assert "pass --yes or --reset never" in done.err
    assert not Path("results").exists()


def test_the_plan_says_what_would_be_reset(lab: Path, invoke: Invoke) -> None:
    done = run(invoke, "--dry-run")
    assert "would reset" in done.out
    assert "shopping of 2 instances before the run" in done.out


def test_the_plan_says_what_a_reset_took_last(lab: Path, invoke: Invoke) -> None:
    earlier = Path("results/earlier")
    earlier.mkdir(parents=True)
    (earlier / "manifest.json").write_text(make_manifest().model_dump_json())
    began = make_manifest().started_at
    for instance, wall_s in (("1", 31.2), ("2", 44.0)):
        reset = SiteReset(instance=instance, sites=("shopping",), why="", started_at=began, wall_s=wall_s, tries=1)
        add_reset(earlier, reset)
    done = run(invoke, "--dry-run", "--reset", "every:30", "--json")
    assert json.loads(done.out)["resets"] == [
        {"instances": ["1", "2"], "sites": ["shopping"], "when": "every:30", "last_s": 44.0}
    ]
    assert "(about 44 s last time)" in run(invoke, "--dry-run").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--reset", "weekly"), "--reset: expected never, before-run, per-task, after-write or every:N"),
        (("--reset", "per-task", "--sites", "embedded"), "every episode has fresh sites of provider 'embedded'"),
        (("--reset", "per-task", "--sites", "./plain.yaml"), "no instance of the sites says how it is reset"),
    ],
    ids=["unknown", "embedded", "no method"],
)
def test_a_policy_that_nothing_follows_is_told(
    lab: Path, invoke: Invoke, arguments: tuple[str, ...], told: str
) -> None:
    Path("plain.yaml").write_text("options: {urls: {shopping: 'http://127.0.0.1:1'}}\n")
    done = invoke(
        "--model",
        "oracle",
        "--task-set",
        "./own.json",
        *(("--sites", "./lab.yaml") * (len(arguments) == 2)),
        *arguments,
    )
    assert (done.code, told in done.err) == (2, True), done


@pytest.fixture(scope="module")
def served() -> Iterator[list[Copy]]:
    with served_copies(1, ["reddit"]) as found:
        yield found


@pytest.mark.parametrize(("said", "code", "is_kept"), [("n", 1, True), ("y", 0, False)])
def test_somebody_at_a_terminal_is_asked(
    served: list[Copy], workdir: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: int, is_kept: bool
) -> None:
    (copy,) = served
    copy.reset()
    copy.register("newcomer")
    monkeypatch.setenv(copy.token_env, copy.token)
    Path("lab.yaml").write_text(f"options:\n  instances:\n{copy.as_yaml()}")
    ours, theirs = pty.openpty()
    command = [WA_RUN, "sites", "reset", "--sites", "./lab.yaml"]
    asked = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.write(ours, f"{said}\n".encode())
    told, _ = asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (asked.returncode, copy.knows("newcomer")) == (code, is_kept), told
    assert "this resets reddit of instance 1: all that was done to them is lost" in told

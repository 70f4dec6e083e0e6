"""The evaluator of webarena-verified as a process: what comes of its verdicts, and of one that cannot give any.

What it says of real episodes is in tests/peer/test_mini_verified.py, where the package is.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import ConfigError, JudgeError
from webarena_runner.evaluators.verified import AgentResponse, NetworkEvent, VerbatimSpec, evidence_in
from webarena_runner.tasksets import load_task_set
from webarena_runner.verified.evaluator import Job, VerifiedEvaluator, environments, verdicts_on
from webarena_runner.verified.package import install, python_of
from webarena_runner.verified.side import without_body

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("verdicts.json").read_text())
URLS = {"shopping": "http://127.0.0.1:4001", "shopping_admin": "http://127.0.0.1:4002/admin"}
PYTHON = Path(sys.executable)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_verdict_becomes_a_score_for_each_check(name: str) -> None:
    verdict = RECORDED[name]
    scores = []
    for index, part in enumerate(verdict["evaluators"]):
        evaluator = AgentResponse() if part["name"] == "AgentResponseEvaluator" else NetworkEvent()
        scores.append(evaluator.score(VerbatimSpec(check={}), evidence_in(verdict, index)))
    assert min(score.value for score in scores) == verdict["score"]
    assert all(
        score.explanation.startswith(part["status"]) for score, part in zip(scores, verdict["evaluators"], strict=True)
    )
    assert scores[0].evidence["webarena_verified"]["version"] == "1.2.3"


def test_what_the_package_breaks_off_at_fails_the_checks_that_it_has_not_come_to() -> None:
    verdict = {**RECORDED["passed"], "score": 0.0, "error": "no such schema", "evaluators": []}
    score = NetworkEvent().score(VerbatimSpec(check={}), evidence_in(verdict, 1))
    assert (score.value, score.explanation) == (0.0, "error: no such schema")


async def test_a_python_without_the_package_gives_no_score_and_is_asked_again() -> None:
    """A real process, which answers each job."""
    task = next(task for task in load_task_set("mini-verified").load().tasks if task.task_id == 24)
    job = Job(task.raw, "", [{"request": {}, "response": {}}], URLS)
    async with VerifiedEvaluator(PYTHON) as evaluator:
        for _ in range(2):
            with pytest.raises(
                JudgeError, match="cannot score task 24: ModuleNotFoundError: No module named 'webarena"
            ):
                await evaluator.verdict(job)


async def test_a_process_that_ends_gives_no_score(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nread line\nexit 3\n")
    python.chmod(0o755)
    (found,) = await verdicts_on([Job({"task_id": 1}, "", [], URLS)], python)
    assert isinstance(found, JudgeError)
    assert "ended with code 3" in str(found)


async def test_an_answer_that_nobody_waited_for_is_not_that_to_the_next_question(tmp_path: Path) -> None:
    """The first process is slow to answer, and its answer is given up."""
    python, asked = tmp_path / "python", tmp_path / "asked"
    answer = """{"id": 1, "verdict": {"score": 1.0}}"""
    python.write_text(f"#!/bin/sh\nread line\nif [ -e {asked} ]; then echo '{answer}'; else : > {asked}; read x; fi\n")
    python.chmod(0o755)
    async with VerifiedEvaluator(python) as evaluator:
        first = asyncio.ensure_future(evaluator.verdict(Job({"task_id": 1}, "", [], URLS)))
        while not asked.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.005)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await evaluator.verdict(Job({"task_id": 2}, "", [], URLS)) == {"score": 1.0}


def test_a_ready_python_is_taken_only_with_the_version_whose_scores_are_compared(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no webarena-verified.*; expected is .* webarena-verified==1\.2\.3"):
        install(print, ready=PYTHON, cache_dir=tmp_path)
    with pytest.raises(ConfigError, match="cannot be run"):
        install(print, ready=tmp_path / "none", cache_dir=tmp_path)
    assert python_of(tmp_path) is None


def test_every_site_that_the_package_knows_has_an_address() -> None:
    found = environments(URLS)
    assert found["__SHOPPING_ADMIN__"] == {"urls": ["http://127.0.0.1:4002/admin"]}
    assert found["__GITLAB__"]["urls"][0].startswith("http")
    assert "__CLASSIFIEDS__" not in found


def test_a_log_as_a_trace_has_it_lacks_what_was_sent_and_nothing_else() -> None:
    request = {
        "method": "POST",
        "url": "http://x/",
        "postData": {"mimeType": "text/plain", "params": [], "text": "a=1"},
    }
    entry = {"request": request, "response": {"status": 302}}
    assert without_body(entry)["request"]["postData"]["text"] == ""
    assert without_body(entry)["response"] == {"status": 302}
    assert entry["request"]["postData"]["text"] == "a=1"
    assert without_body({"request": {"method": "GET"}, "response": {}}) == {
        "request": {"method": "GET"},
        "response": {},
    }

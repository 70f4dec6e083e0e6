"""webarena-verified's own evaluator on episodes that were played on the embedded sites, recorded and exported."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN
from tests.peer.verified_cases import ANSWER, CASES, OFFICIAL, Case, Verdict

ROOT = Path(__file__).parents[2]
VENV = Path(os.environ.get("VERIFIED_VENV", ROOT / ".venv-verified"))
PYTHON, EVALUATOR = VENV / "bin" / "python", VENV / "bin" / "webarena-verified"
FIND = "from webarena_verified.utils import get_package_assets_path as a; print(a() / 'dataset/webarena-verified.json')"
ALL = (*CASES, *OFFICIAL)

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not EVALUATOR.exists(), reason=f"no webarena-verified in {VENV}: make verified-test"),
]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


def task_of(case: Case, mini: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """As our runner plays it: a mini task with other actions, whose own score is not looked at."""
    record = mini[case.mini]
    *actions, stop = record["reference_actions"]
    done = list(actions if case.done is None else case.done)
    last = stop if case.answer is None else {"do": "stop", "answer": case.answer}
    return {**record, "task_id": case.task_id, "reference_actions": [*done, last]}


def dataset_of(cases: Sequence[Case], official: Path) -> list[dict[str, Any]]:
    """The package's tasks, ours in the place of some: it takes 812 of them or none."""
    tasks = {task["task_id"]: task for task in json.loads(official.read_text())}
    for case in cases:
        own = {"sites": list(case.sites), "task_id": case.task_id, "eval": list(case.checks), "revision": 1}
        start = {"start_urls": [f"__{case.sites[0].upper()}__"], "intent": "ours", "intent_template": "ours"}
        tasks[case.task_id] = {**own, **start, "instantiation_dict": {}, "intent_template_id": 1}
    return list(tasks.values())


def verdicts_in(folder: Path) -> Iterator[tuple[int, Verdict]]:
    for file in folder.glob("*/eval_result.json"):
        result = json.loads(file.read_text())
        parts = result["evaluators_results"]
        failed = [part["evaluator_name"] for part in parts if part["score"] < 1]
        yield int(file.parent.name), Verdict(result["score"], result["status"], failed)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Verdict]:
    out = tmp_path_factory.mktemp("verified")
    official = Path(run(PYTHON, "-c", FIND, cwd=out).strip())
    (out / "dataset.json").write_text(json.dumps(dataset_of(CASES, official)))
    mini = {task["task_id"]: task for task in json.loads((ROOT / "tasks" / "mini.json").read_text())}
    (out / "tasks.json").write_text(json.dumps([task_of(case, mini) for case in ALL]))
    playing = ("--model", "oracle", "--task-set", out / "tasks.json", "--sites", "embedded", "--record", "har")
    run(WA_RUN, *playing, "--out", out, "--run-id", "r", cwd=out)
    exporting = ("--to", "verified=exported", "-o", "dataset=dataset.json")
    exported = run(WA_RUN, "export", "r", "--out", out, *exporting, cwd=out)
    assert f"{len(ALL)} of {len(ALL)} planned tasks" in exported
    config = out / "exported" / "config.json"
    run(EVALUATOR, "eval-tasks", "--config", config, "--output-dir", out / "exported", cwd=out)
    return dict(verdicts_in(out / "exported"))


@pytest.mark.parametrize("case", ALL, ids=[f"{case.task_id}-{case.verdict}" for case in ALL])
def test_an_episode_passes_or_fails_there_for_the_reason_that_it_should(
    case: Case, verdicts: dict[int, Verdict]
) -> None:
    assert verdicts[case.task_id].as_expected == case.verdict, verdicts[case.task_id]


def test_an_episode_that_fails_on_the_network_alone_has_a_right_answer_there(verdicts: dict[int, Verdict]) -> None:
    assert [id for id, verdict in verdicts.items() if len(verdict.failed) > 1] == []
    assert {verdict.status for verdict in verdicts.values()} == {"success", "failure"}
    assert any(ANSWER in verdict.failed for verdict in verdicts.values())

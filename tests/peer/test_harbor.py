"""Harbor's own models, counts and viewer on jobs that were exported."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import WA_RUN
from tests.export.runs import errored, failed, model_manifest, passed, small_run, write_run
from tests.export.test_atif import run_with_pictures

ROOT = Path(__file__).parents[2]
VENV = Path(os.environ.get("HARBOR_VENV", ROOT / ".venv-harbor"))
PYTHON, HARBOR = VENV / "bin" / "python", VENV / "bin" / "harbor"
LIMIT_S = 60

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not HARBOR.exists(), reason=f"no harbor in {VENV}: make harbor-test"),
]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an unfinished run with errors, one with pictures, one of two trials, and one that has not begun."""
    out = tmp_path_factory.mktemp("jobs")
    small_run(out, "small")
    run_with_pictures(out, "pictures")
    pairs = ((1, 0), (1, 1), (2, 0), (2, 1))
    results = [passed(1), failed(1, trial=1), errored(2), passed(2, trial=1)]
    write_run(out / "trials", results, manifest=model_manifest("trials", planned=pairs))
    write_run(out / "empty", [], manifest=model_manifest("empty", task_ids=(1,)))
    for run in ("small", "pictures", "trials", "empty"):
        command = [WA_RUN, "export", run, "--out", out, "--to", "atif", "-o", "layout=harbor"]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return out / "harbor"


@pytest.fixture(scope="module")
def viewer(jobs: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [HARBOR, "view", jobs, "--jobs", "--no-build", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + LIMIT_S
    try:
        while time.monotonic() < until:
            try:
                httpx.get(f"{url}/api/health", trust_env=False)
                break
            except httpx.TransportError:
                assert server.poll() is None, "harbor view ended"
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(LIMIT_S)


def test_its_models_take_all_and_its_counts_are_ours(jobs: Path) -> None:
    side = Path(__file__).with_name("harbor_side.py")
    done = subprocess.run([str(PYTHON), str(side), str(jobs)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    assert {name: (job["trials"], job["ended"]) for name, job in found.items()} == {
        "small": (3, 3),
        "pictures": (1, 1),
        "trials": (4, 4),
        "empty": (0, 0),
    }
    for name, job in found.items():
        assert job["faults"] == {}, name
        for evaluated in (*job["ours"]["evals"].values(), *job["theirs"]["evals"].values()):
            # Its counts have no averages, which it adds at the end of a job of its own.
            evaluated.pop("metrics")
        assert _sorted(job["ours"]) == _sorted(job["theirs"]), name


def test_its_viewer_opens_jobs_trials_trajectories_and_pictures(viewer: str) -> None:
    def get(path: str) -> httpx.Response:
        return httpx.get(viewer + path, trust_env=False)

    listed = {job["name"]: job for job in get("/api/jobs").json()["items"]}
    (evaluated,) = listed["small"]["evals"].values()
    assert evaluated == {"metrics": [{"mean": pytest.approx(1 / 3)}]}
    trials = {trial["name"]: trial for trial in get("/api/jobs/small/trials").json()["items"]}
    assert (trials["1.0"]["reward"], trials["3.0"]["error_type"]) == (1.0, "SiteError")
    trajectory = get("/api/jobs/pictures/trials/7.0/trajectory").json()
    assert [step["source"] for step in trajectory["steps"]] == ["user", "system", "agent", "agent", "agent"]
    picture = get("/api/jobs/pictures/trials/7.0/files/agent/images/step-000.jpeg")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _sorted(each) for key, each in value.items()}
        case list():
            return sorted(map(str, value))
    return value

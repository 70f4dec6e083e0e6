"""Runs in MLflow, Weights & Biases and Trackio: the real packages, in an environment of their own.

`make peer-test` sets it up; TRACKERS_PYTHON names another Python that has them and the runner.
"""

import json
import os
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.runs import passed, small_run
from webarena_runner.log.writing import EpisodeFolders

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TRACKERS_PYTHON", ROOT / ".venv-trackers" / "bin" / "python"))
LIMIT_S = 120
KEYS = {
    "OPENAI_API_KEY": "sk-planted1234567890planted",
    "WANDB_API_KEY": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "HF_TOKEN": "hf_plantedPLANTEDplantedPL",
    "MLFLOW_TRACKING_TOKEN": "planted-mlflow-token",
}


@pytest.fixture
def calls() -> Iterator[list[bytes]]:
    """What came to a proxy that all requests to other machines would go through."""
    listening = socket.create_server(("127.0.0.1", 0))
    came: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            came.append(connection.recv(200))
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    came.append(str(listening.getsockname()[1]).encode())
    yield came
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose id has what no tracker takes in a name."""
    return small_run(tmp_path / "results", "r#1 it's")


def export(folder: Path, calls: list[bytes], *arguments: str) -> str:
    proxy = f"http://127.0.0.1:{calls[0].decode()}"
    own = {"TRACKIO_DIR": str(folder.parent / "trackio"), "HOME": str(folder.parent), "PYTHONPATH": str(ROOT)}
    environ = {"PATH": os.environ["PATH"], "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, **KEYS, **own}
    command = [PYTHON, "-m", "webarena_runner.cli", "export", str(folder), *arguments]
    done = subprocess.run(
        command, env=environ, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def finish(folder: Path) -> None:
    """The task that ended in an error has passed since."""
    EpisodeFolders(folder).begin(3, 0)
    EpisodeFolders(folder).put(passed(3, attempt=2))


def require_no_key_in(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [(path, key) for path in files for key in KEYS.values() if key.encode() in path.read_bytes()] == []


def test_mlflow_has_the_run_once_with_its_latest_numbers(run: Path, calls: list[bytes]) -> None:
    said = export(run, calls, "--to", "mlflow")
    assert "of experiment 'webarena-runner' at sqlite:////" in said
    finish(run)
    assert export(run, calls, "--to", "mlflow", "-o", "artifacts=true") == said
    with sqlite3.connect(run.parent / "mlflow.db") as database:
        assert database.execute("select name, status from runs").fetchall() == [("r#1 it's", "FINISHED")]
        params = dict(database.execute("select key, value from params").fetchall())
        metrics = dict(database.execute("select key, value from latest_metrics").fetchall())
    assert (params["model"], params["run_id"], params["seed"]) == ("llama3-vllm", "r#1 it's", "3")
    assert (metrics["success_rate"], metrics["errored"], metrics["missing"]) == (0.5, 0, 1)
    assert metrics["site/shopping/success_rate"] == 1.0
    assert sorted(path.name for path in (run.parent / "mlflow-artifacts").rglob("*.*")) == [
        "manifest.json",
        "report.md",
    ]
    require_no_key_in(run.parent)
    assert calls[1:] == []


def test_mlflow_tells_what_is_wrong_with_a_place(run: Path, calls: list[bytes]) -> None:
    with pytest.raises(AssertionError, match="error: mlflow=file:./mlruns: .*maintenance mode"):
        export(run, calls, "--to", "mlflow=file:./mlruns")


def test_wandb_keeps_the_run_here_once(run: Path, calls: list[bytes]) -> None:
    said = export(run, calls, "--to", "wandb")
    assert "; send it with: wandb sync " in said
    finish(run)
    (earlier,) = (run.parent / "wandb").glob("offline-run-*")
    export(run, calls, "--to", "wandb")
    (folder,) = (run.parent / "wandb").glob("offline-run-*")
    assert folder != earlier
    (record,) = folder.glob("*.wandb")
    data = record.read_bytes()
    for text in (b"llama3-vllm", b"success_rate", b"site/shopping/success_rate", b"r#1 it's"):
        assert text in data
    for text in (socket.gethostname().encode(), b"--to", str(ROOT).encode()):
        assert text not in data
    require_no_key_in(run.parent)
    assert calls[1:] == []


def test_trackio_has_the_run_once_with_its_latest_numbers(run: Path, calls: list[bytes]) -> None:
    said = export(run, calls, "--to", "trackio")
    assert said.startswith("trackio: run 'r#1 it's' of project 'webarena-runner' in /")
    assert said.count("\n") == 1
    finish(run)
    export(run, calls, "--to", "trackio")
    with sqlite3.connect(run.parent / "trackio" / "webarena-runner.db") as database:
        rows = database.execute("select run_name, metrics from metrics").fetchall()
    assert [name for name, _ in rows] == ["r#1 it's"]
    assert (json.loads(rows[0][1])["success_rate"], json.loads(rows[0][1])["errored"]) == (0.5, 0)
    require_no_key_in(run.parent)
    assert calls[1:] == []


def test_a_run_that_planned_nothing_is_tracked_too(tmp_path: Path, calls: list[bytes]) -> None:
    folder = small_run(tmp_path / "results", "r2", task_ids=())
    for kind in ("wandb", "trackio"):
        assert export(folder, calls, "--to", kind).startswith(f"{kind}: ")

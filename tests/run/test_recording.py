"""`--record` in whole runs on the embedded sites: what is kept of which episode, and what a kill leaves."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import WA_RUN, Invoke, invoke, workdir
from webarena_runner.errors import ConfigError
from webarena_runner.log.har import read_har
from webarena_runner.log.paths import AttemptPaths, RunPaths
from webarena_runner.settings.recording import read_record

__all__ = ["invoke", "workdir"]
START = ("GET", "/")
ENOUGH = 5
FAILED = ("--screenshots", "failed")
PLAY = ("--tasks", "24", "--task-set", "mini", "--run-id", "r")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("har", {"har": True}),
        ("har, trace=failed", {"har": True, "trace": "failed"}),
        ("har-bodies", {"har": True, "har_bodies": True}),
        ("film-strip", {"trace": "all", "film_strip": True}),
        ("trace=failed,film-strip", {"trace": "failed", "film_strip": True}),
    ],
)
def test_what_the_option_says(text: str, found: dict[str, object]) -> None:
    assert read_record(text) == found


@pytest.mark.parametrize("text", ["", ",", "hra", "trace=passed", "trace,trace=failed", "har trace"])
def test_what_the_option_cannot_say(text: str) -> None:
    with pytest.raises(ConfigError, match="--record"):
        read_record(text)


def entries(path: Path) -> list[tuple[str, str]]:
    """Method and path of each request."""
    asked = [each["request"] for each in read_har(path)["log"]["entries"]]
    return [(request["method"], urlsplit(request["url"]).path) for request in asked]


@pytest.mark.browser
@pytest.mark.long
def test_a_trace_and_pictures_are_kept_of_the_episodes_that_did_not_pass(invoke: Invoke, workdir: Path) -> None:
    assert invoke("--model", "oracle", *PLAY, "--record", "har,trace=failed", *FAILED).code == 0
    passed = RunPaths(workdir / "results" / "r").episode(24, 0)
    assert not passed.trace.exists()
    assert not list(passed.folder.glob("*.jpeg"))
    # The page and its form; the check, which opens the page again, comes after the recording.
    on_page = [method for method, path in entries(passed.har) if path == "/newsletter/manage/"]
    assert on_page == ["GET", "POST"]
    assert invoke("--model", "do-nothing", *PLAY[:-1], "s", "--record", "trace=failed", *FAILED).code == 0
    failed = RunPaths(workdir / "results" / "s").episode(24, 0)
    assert failed.trace.exists()
    assert [path.name for path in failed.folder.glob("*.jpeg")] == ["step-000.jpeg"]
    assert not failed.har.exists()
    assert "trace.zip" not in str(list(passed.folder.iterdir()))


def has_begun(har: Path) -> bool:
    """Whether enough is there to kill the run; what is asked first need not be answered, and so written, first."""
    if not har.exists():
        return False
    found = entries(har)
    return len(found) >= ENOUGH and found[0] == START


@pytest.mark.browser
@pytest.mark.long
def test_a_run_that_is_killed_leaves_the_log_up_to_then(invoke: Invoke, workdir: Path) -> None:
    command = [str(WA_RUN), "--model", "oracle", *PLAY, "--record", "har", "--out", str(workdir / "results")]
    har = RunPaths(workdir / "results" / "r").episode(24, 0).har
    running = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not has_begun(har) and time.monotonic() < until:
            assert running.poll() is None
            time.sleep(0.005)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert not AttemptPaths(har.parent).result.exists()
    assert invoke("export", "r", "--to", "har=logs").code == 0
    kept = entries(workdir / "logs" / "24.0.har")
    assert len(kept) >= ENOUGH
    assert kept[0] == START

"""Running `wa-run` in this process or in one of its own, in an empty working directory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from webarena_mini.server import snapshot_folder
from webarena_runner.cli import main
from webarena_runner.official.sites import SITES

WA_RUN = Path(sys.executable).with_name("wa-run")


@dataclass(frozen=True)
class Done:
    """What a command left: exit code and both outputs."""

    code: int
    out: str
    err: str


Invoke = Callable[..., Done]


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, a cache with at most the seed data of the embedded sites, and no site URLs."""
    folder, kept = tmp_path / "work", tmp_path / "cache" / "webarena-runner" / "sites"
    folder.mkdir()
    monkeypatch.chdir(folder)
    kept.parent.mkdir(parents=True)
    seeds = snapshot_folder()
    seeds.mkdir(parents=True, exist_ok=True)
    kept.symlink_to(seeds)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for site in SITES:
        monkeypatch.delenv(site.upper(), raising=False)
        monkeypatch.delenv(f"WA_{site.upper()}", raising=False)
    return folder


@pytest.fixture
def invoke(workdir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Invoke:
    """Calls the command line in this process."""

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["wa-run", *arguments])
        with pytest.raises(SystemExit) as exit:  # noqa: PT012 - the exit code is what is asked for
            main()
            sys.exit(0)
        captured = capfd.readouterr()
        return Done(int(exit.value.code or 0), captured.out, captured.err)

    return call


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """`wa-run` as a process of its own; its output unbuffered."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environ = {**options.pop("env", os.environ), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([WA_RUN, *arguments], text=True, env=environ, **{**pipes, **options})


def own_task(task_id: int, *, expected: str, said: str, scrolls: int = 1) -> dict[str, Any]:
    """An official record on the embedded forum whose reference actions scroll and then answer `said`."""
    return {
        "sites": ["reddit"],
        "task_id": task_id,
        "require_login": True,
        "storage_state": "./.auth/reddit_state.json",
        "start_url": "__REDDIT__",
        "geolocation": None,
        "intent_template": "Say {{word}}",
        "intent_template_id": 1,
        "instantiation_dict": {"word": expected},
        "intent": f"Say {expected}",
        "require_reset": False,
        "eval": {
            "eval_types": ["string_match"],
            "reference_answers": {"exact_match": expected},
            "reference_url": "",
            "program_html": [],
            "string_note": "",
            "reference_answer_raw_annotation": expected,
        },
        "reference_actions": [
            *({"do": "scroll", "direction": ("down", "up")[index % 2]} for index in range(scrolls)),
            {"do": "stop", "answer": said},
        ],
    }


@pytest.fixture
def own_tasks(workdir: Path) -> Path:
    """A task file on the embedded forum: the oracle passes task 7 and fails task 8."""
    path = workdir / "own.json"
    path.write_text(
        json.dumps([own_task(7, expected="hello", said="hello"), own_task(8, expected="hello", said="bye")])
    )
    return path

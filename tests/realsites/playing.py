"""`wa-run` on the applications as a process of its own, and what its run folder says."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.cli.conftest import WA_RUN
from tests.realsites.all_sites import environ

LIMIT_S = 300.0


@dataclass(frozen=True)
class Run:
    """One that was started in `out`, and may be under way."""

    process: subprocess.Popen[str]
    out: Path

    @property
    def folder(self) -> Path:
        return self.out / "run"

    @cached_property
    def output(self) -> str:
        """All of it, at the end of the run."""
        with self.process as process:
            output, _ = process.communicate(timeout=LIMIT_S)
        return output

    @property
    def values(self) -> dict[Any, float | None]:
        """Of each task, at the end."""
        assert "Traceback" not in self.output, self.output
        return {result["task_id"]: result["value"] for result in _results(self.folder / "episodes")}

    @property
    def earlier(self) -> list[dict[str, Any]]:
        """Results of attempts that do not count."""
        return _results(self.folder / "attempts")

    def has_failed(self, task: int) -> bool:
        """An attempt, whether the next one has begun or waits for its site."""
        results = [*_results(self.folder / "episodes"), *self.earlier]
        return any(result["task_id"] == task and result["failure"] for result in results)

    def wait_until(self, is_so: Callable[["Run"], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not is_so(self):
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.process.kill()
                raise AssertionError(self.output)
            time.sleep(0.02)

    def steps_of(self, task: int) -> int:
        """Of the attempt under way."""
        path = self.folder / "episodes" / f"{task}.0" / "steps.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0


def start(sites_file: Path, out: Path, *arguments: str, tasks: Path, model: str = "oracle") -> Run:
    places = ("--sites", sites_file, "--task-set", tasks, "--out", out, "--run-id", "run")
    command = [str(WA_RUN), "--model", model, *map(str, places), *arguments]
    values = os.environ | environ()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return Run(subprocess.Popen(command, env=values, text=True, **pipes), out)


def task_file(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(list(records)))
    return path


def _results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/result.json"))]

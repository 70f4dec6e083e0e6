"""Steps a second of 1, 8, 16 and 32 workers, and of --workers auto, where the model answers after a second.

    python -m bench.scale_workers [--workers 1,8,16,32,auto] [--model-s 1.0] [--pages 10]

Every number is a run of `wa-run` of its own, on light pages and a model behind real HTTP, both from one server process
beside it. Memory is of the run's processes (PSS), the most at once. All of it shares the cores of this machine: the
figures are worth something only if nobody else uses them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.light_world import ANSWER
from bench.tree_cost import Cost, watched

KINDS = ("runner", "chromium", "driver")
WA_RUN = Path(sys.executable).with_name("wa-run")


@dataclass(frozen=True)
class Done:
    """One run: `wall_s` is from the beginning of its first episode to the end of its last."""

    workers: str
    episodes: int
    steps: int
    wall_s: float
    busy_steps: int
    starved_steps: int
    passed: int
    used: str
    cost: Cost

    @property
    def rate(self) -> float:
        return self.steps / self.wall_s


def memory_of(kind: str, done: Done, _: Done) -> str:
    return f"{done.cost.most_mb.get(kind, 0.0):.0f}"


def time_of(kind: str, done: Done, _: Done) -> str:
    return f"{1000 * done.cost.cpu_s.get(kind, 0.0) / done.steps:.0f}"


@contextmanager
def world(model_s: float, pages: int) -> Iterator[int]:
    """Its port."""
    command = [sys.executable, "-m", "bench.light_world", "--model-s", str(model_s), "--pages", str(pages)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.terminate()
        server.wait()


def task(number: int, start: str) -> dict[str, Any]:
    answers = {"exact_match": ANSWER}
    return {
        "sites": ["shopping"],
        "task_id": number,
        "require_login": False,
        "storage_state": None,
        "start_url": start,
        "geolocation": None,
        "intent_template": "Go to the last page",
        "intent_template_id": 1,
        "instantiation_dict": {},
        "intent": "Go to the last page",
        "require_reset": False,
        "eval": {"eval_types": ["string_match"], "reference_answers": answers, "reference_url": "", "program_html": []},
    }


def play(workers: str, episodes: int, port: int, folder: Path) -> Done:
    tasks, sites = folder / "tasks.json", folder / "sites.yaml"
    tasks.write_text(json.dumps([task(number, "__SHOPPING__/1") for number in range(episodes)]))
    sites.write_text(f"provider: static\noptions: {{urls: {{shopping: 'http://127.0.0.1:{port}'}}}}\n")
    command = [str(WA_RUN), "--model", "openai-compatible", "-o", f"model.options.base_url=http://127.0.0.1:{port}/v1"]
    command += ["--prompt", "direct", "--task-set", str(tasks), "--sites", str(sites), "--workers", workers]
    command += ["--out", str(folder), "--run-id", workers, "--skip-doctor"]
    with (folder / f"{workers}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        with watched(process.pid) as cost:
            process.wait()
    if process.returncode:
        sys.exit((folder / f"{workers}.log").read_text())
    results = [json.loads(path.read_text()) for path in (folder / workers / "episodes").glob("*/result.json")]
    began = min(datetime.fromisoformat(result["started_at"]) for result in results)
    ended = max(datetime.fromisoformat(result["finished_at"]) for result in results)
    auto = json.loads((folder / workers / "manifest.json").read_text()).get("auto_workers")
    return Done(
        workers,
        episodes,
        steps=sum(result["steps"] for result in results),
        wall_s=(ended - began).total_seconds(),
        busy_steps=sum(result.get("busy_steps", 0) for result in results),
        starved_steps=sum(result.get("starved_steps", 0) for result in results),
        passed=sum(result["value"] == 1 for result in results),
        used=f"{auto['least']}-{auto['most']}" if auto else "",
        cost=cost,
    )


COLUMNS: dict[str, Callable[[Done, Done], str]] = {
    "workers": lambda done, _: done.workers,
    "used": lambda done, _: done.used,
    "passed": lambda done, _: f"{done.passed}/{done.episodes}",
    "steps": lambda done, _: f"{done.steps}",
    "steps/s": lambda done, _: f"{done.rate:.2f}",
    "times 1": lambda done, first: f"{done.rate / first.rate:.2f}",
    "busy": lambda done, _: f"{done.busy_steps}",
    "starved": lambda done, _: f"{done.starved_steps}",
    "cores": lambda done, _: f"{100 * done.cost.busy:.0f} %",
    **{f"{kind} MB": partial(memory_of, kind) for kind in KINDS},
    **{f"{kind} ms": partial(time_of, kind) for kind in KINDS},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", default="1,8,16,32,auto")
    parser.add_argument("--model-s", type=float, default=1.0)
    parser.add_argument("--pages", type=int, default=10, help="steps of an episode")
    parser.add_argument("--rounds", type=int, default=2, help="episodes of each worker; of auto, of 32")
    given = parser.parse_args()
    print(f"{psutil.cpu_count()} cores, the model answers after {given.model_s:g} s; ms of processor time a step")
    print(" ".join(f"{name:>11}" for name in COLUMNS), flush=True)
    first: Done | None = None
    with world(given.model_s, given.pages) as port, tempfile.TemporaryDirectory() as folder:
        for workers in given.workers.split(","):
            episodes = given.rounds * (32 if workers == "auto" else int(workers))
            done = play(workers, episodes, port, Path(folder))
            first = first or done
            print(" ".join(f"{column(done, first):>11}" for column in COLUMNS.values()), flush=True)


if __name__ == "__main__":
    main()

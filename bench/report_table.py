"""How long `wa-run report RUN` takes on a run of many episodes, beside an earlier build on the same folder.

The folder is made up, and written by the earlier build, so that both can read it: results as long as real ones, a few
errors, earlier attempts, episodes that were interrupted or did not run. Both builds take turns; the ratio is of the
medians. Needs git, which has the earlier build.
Run it with: .venv/bin/python -m bench.report_table [--episodes 10000] [--repeats 5] [--build 893ebdc] [--folder KEPT]
"""

import argparse
import io
import os
import random
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.writing import EpisodeFolders, RunFolder
from webarena_runner.types import Check, Ending, EpisodeResult, Failure, RunManifest, Score, Task

HERE = Path(__file__).resolve().parents[1]
# Before anything was done for the speed of the table.
BUILD = "893ebdc"
TRIALS = 4
TASKS_OF_A_TEMPLATE = 4
SITES = ("shopping", "shopping_admin", "reddit", "gitlab", "map")
START = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 13
UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


def write_run(folder: Path, episodes: int) -> None:
    """A run as a harness would have left it, drawn from a seed."""
    draw = random.Random(SEED)
    tasks = [_task(number) for number in range(-(-episodes // TRIALS))]
    planned = [(task.task_id, trial) for task in tasks for trial in range(TRIALS)][:episodes]
    with_results = RunFolder.create(folder, _manifest(folder.name, tasks, planned), tasks, prompt="Do as you are told.")
    for task_id, trial in planned:
        _write_episode(with_results, draw, int(task_id), trial)
    with_results.close()


def _write_episode(folders: EpisodeFolders, draw: random.Random, task_id: int, trial: int) -> None:
    chance = draw.random()
    if chance < 0.005:
        return
    log = folders.begin(task_id, trial)
    if chance < 0.01:
        return
    if chance < 0.05:
        folders.put(_result(draw, task_id, trial, log.attempt, value=None))
        log = folders.begin(task_id, trial)
    value = None if chance > 0.98 else float(draw.random() < 0.4)
    folders.put(_result(draw, task_id, trial, log.attempt, value=value))


def _task(number: int) -> Task:
    site = SITES[number % len(SITES)]
    spec = {"reference_answers": {"must_include": ["Quest Lumaflex Band", "$19.50"]}}
    raw = {"task_id": number, "sites": [site], "intent_template": "What is the price of {{product}}?", "eval": spec}
    return Task(
        task_set="made-up",
        task_id=number,
        intent=f"What is the price of product {number}?",
        sites=(site,),
        start_urls=(f"__{site.upper()}__",),
        login_sites=(site,),
        template_id=number // TASKS_OF_A_TEMPLATE,
        checks=(Check(kind="string_match", spec=spec), Check(kind="url_match", spec={"reference_url": "__SHOPPING__"})),
        raw=raw,
    )


def _manifest(run_id: str, tasks: list[Task], planned: list[tuple[Any, int]]) -> RunManifest:
    config: dict[str, Any] = {
        "settings": {"trials": TRIALS, "seed": 0},
        "model": None,
        "tasks": {"expression": "all"},
        "sites": {"provider": "static"},
    }
    return RunManifest(
        run_id=run_id,
        started_at=START,
        profile="webarena",
        profile_overrides=(),
        config=config,
        config_sha256=sha256_of_json(config),
        task_set="made-up",
        task_set_sha256="0" * 64,
        task_set_modified=False,
        prompt_sha256="0" * 64,
        model="made-up",
        agent="prompted",
        judge="made-up",
        sites="static",
        planned=tuple(planned),
        task_sites={str(task.task_id): "+".join(task.sites) for task in tasks},
        versions={"webarena-runner": "0.1.0"},
    )


def _result(draw: random.Random, task_id: int, trial: int, attempt: int, *, value: float | None) -> EpisodeResult:
    begun = START + timedelta(seconds=30 * draw.randrange(10_000))
    wall_s = draw.uniform(20, 400)
    url = f"http://127.0.0.1:7770/product-{task_id}.html"
    failure = Failure(
        error_class="site", message="refused", traceback="Traceback\n" + 30 * "  File x\n", may_retry=True
    )
    return EpisodeResult(
        task_set="made-up",
        task_id=task_id,
        trial=trial,
        attempt=attempt,
        ending=Ending.ERROR if value is None else draw.choice([Ending.ANSWERED, Ending.STEP_LIMIT]),
        answer="The price of the Quest Lumaflex Band is $19.50.",
        final_url=url,
        value=value,
        scores=() if value is None else _scores(url, value),
        steps=draw.randrange(1, 31),
        prompt_tokens=draw.randrange(2_000, 200_000),
        completion_tokens=draw.randrange(100, 9_000),
        cached_tokens=draw.randrange(0, 2_000),
        cost_usd=draw.uniform(0.001, 0.2),
        site_urls={site: f"http://127.0.0.1:{7770 + index}" for index, site in enumerate(SITES)},
        started_at=begun,
        finished_at=begun + timedelta(seconds=wall_s),
        wall_s=wall_s,
        timings_ms={
            part: draw.uniform(1, 9_000) for part in ("lease", "browser", "agent", "execute", "settle", "observe")
        },
        failure=failure if value is None else None,
    )


def _scores(url: str, value: float) -> tuple[Score, ...]:
    seen = {"answer": "The price of the Quest Lumaflex Band is $19.50.", "reference": ["Quest Lumaflex Band", "$19.50"]}
    return (
        Score(evaluator="string_match", value=value, explanation="" if value else "lacks '$19.50'", evidence=seen),
        Score(evaluator="url_match", value=1.0, evidence={"final_url": url, "urls": {}, "reference": url}),
    )


def unpack_build(build: str, folder: Path) -> Path:
    """The files of a commit."""
    archive = subprocess.run(["git", "archive", build], cwd=HERE, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def timed_s(build: Path, *arguments: str) -> tuple[float, float]:
    """Seconds of one command of a build, its start included, by the clock and of the processor."""
    # As for users: modules are compiled once, and what is printed is written in blocks.
    usual = {name: value for name, value in os.environ.items() if name not in UNUSUAL}
    environ = usual | {"PYTHONPATH": str(build), "NO_COLOR": "1", "COLUMNS": "160"}
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=build, env=environ, capture_output=True, text=True, check=False
    )
    spent_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise SystemExit(f"{' '.join(arguments)} in {build} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return spent_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--build", default=BUILD, help="commit of the build to compare with")
    parser.add_argument("--folder", type=Path, help="where the run is kept, and taken from when it is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        earlier = unpack_build(given.build, Path(made, "build"))
        folder = (given.folder or Path(made, "run")).resolve()
        if not folder.exists():
            (earlier / "bench" / "report_table.py").write_bytes(Path(__file__).read_bytes())
            program = (
                "import sys, pathlib as p, bench.report_table as b; b.write_run(p.Path(sys.argv[1]), int(sys.argv[2]))"
            )
            command = [sys.executable, "-c", program, str(folder), str(given.episodes)]
            subprocess.run(command, cwd=earlier, env=os.environ | {"PYTHONPATH": str(earlier)}, check=True)
        compare(earlier, folder, given.repeats)


def compare(earlier: Path, folder: Path, repeats: int) -> None:
    builds = {"earlier build": earlier, "this build": HERE}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in builds}
    command = ("webarena_runner.cli", "report", str(folder))
    for build in builds.values():
        timed_s(build, *command)
    for _ in range(repeats):
        for name, build in builds.items():
            times[name].append(timed_s(build, *command))
    for at, kind in enumerate(("by the clock", "of the processor")):
        spent_s = {name: [each[at] for each in found] for name, found in times.items()}
        for name, each in spent_s.items():
            told = f"median {statistics.median(each):6.2f} s, from {min(each):.2f} to {max(each):.2f} s {kind}"
            print(f"{name:14} {told}")
        medians = [statistics.median(each) for each in spent_s.values()]
        print(f"{medians[0] / medians[1]:.1f} times faster {kind}")


if __name__ == "__main__":
    main()

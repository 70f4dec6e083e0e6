"""What a run costs besides its episodes: CPU seconds of all its processes, and the time up to the first model call.

    python -m bench.start [--rounds 5] [--episodes 5] [--task 37]

Whole runs of `wa-run` on the embedded sites, in turn one with a single episode and one with several of the same task.
What an episode adds is in it, what is left of the first run is outside: imports, sites, driver, Chromium, report. The
first of all runs warms the machine's caches up and is not counted. The model is a server of ours that ends every
episode at its first step; the oracle plays the task. Medians.
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from bench.cpu import Ran, ran
from bench.scale_workers import world
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_steps

WA_RUN = Path(sys.executable).with_name("wa-run")
OUTSIDE_AT_MOST_S, FIRST_CALL_AT_MOST_S = 2.0, 1.5


@dataclass(frozen=True)
class Cost:
    """Of runs with one sort of model, in s."""

    first_call_s: float
    outside_s: float
    episode_s: float
    wall_s: float


def played(options: Sequence[str], task: str, episodes: int, folder: Path) -> tuple[Ran, datetime]:
    """A run of one worker, and when its model was first asked."""
    run_id = secrets.token_hex(4)
    command = [WA_RUN, *options, "--task-set", "mini", "--tasks", task, "--trials", str(episodes), "--workers", "1"]
    done = ran([*command, "--out", folder, "--run-id", run_id], folder / f"{run_id}.log")
    first = next(iter(read_steps(RunPaths(folder / run_id).episode(int(task), 0).folder)))
    return done, first.started_at


def measured(options: Sequence[str], given: argparse.Namespace, folder: Path) -> Cost:
    played(options, given.task, 1, folder)
    calls, single, several = list[float](), list[Ran](), list[Ran]()
    for _ in range(given.rounds):
        done, asked_at = played(options, given.task, 1, folder)
        single.append(done)
        calls.append((asked_at - done.began).total_seconds())
        done, asked_at = played(options, given.task, given.episodes, folder)
        several.append(done)
        calls.append((asked_at - done.began).total_seconds())
    one, more = (median(run.cpu_s for run in runs) for runs in (single, several))
    episode_s = (more - one) / (given.episodes - 1)
    return Cost(median(calls), one - episode_s, episode_s, median(run.wall_s for run in single))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each length (default 5)")
    parser.add_argument("--episodes", type=int, default=5, help="of the longer run (default 5)")
    parser.add_argument("--task", default="37", help="id of a task of the embedded set (default 37)")
    given = parser.parse_args()
    missed = False
    print(f"{'':8}{'start to first call s':>24}{'CPU s outside':>16}{'CPU s an episode':>18}{'wall s, 1 episode':>20}")
    with world(0.0, 1) as port, tempfile.TemporaryDirectory() as out:
        server = ["--model", "openai-compatible", "-o", f"model.options.base_url=http://127.0.0.1:{port}/v1"]
        for name, options in (("model", [*server, "--prompt", "direct"]), ("oracle", ["--model", "oracle"])):
            try:
                cost = measured(options, given, Path(out))
            except subprocess.CalledProcessError as error:
                sys.exit(f"{error}\n{error.output}")
            print(f"{name:8}{cost.first_call_s:24.2f}{cost.outside_s:16.2f}{cost.episode_s:18.2f}{cost.wall_s:20.2f}")
            missed |= cost.first_call_s > FIRST_CALL_AT_MOST_S or cost.outside_s > OUTSIDE_AT_MOST_S
    print(f"wanted: first call within {FIRST_CALL_AT_MOST_S:g} s, outside at most {OUTSIDE_AT_MOST_S:g} CPU s")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""What recording costs: the reference agent plays the same tasks with each kind of recording, in turn, and without.

No model is asked, so that the share of a real run is smaller. Each kind has a browser and sites of its own; their order
changes from task to task. Ratios are of the sums, over tasks, of the median time of an episode.
Run it with: .venv/bin/python -m bench.record [--rounds 3] [--tasks smoke] [--kinds har trace]
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from webarena_runner.interfaces.execution import Attempt
from webarena_runner.log.paths import AttemptPaths, RunPaths
from webarena_runner.running.player import Player, open_player
from webarena_runner.running.run import prepare
from webarena_runner.settings.loading import CliOptions, Given, load_run_config
from webarena_runner.settings.recording import read_record
from webarena_runner.types import EpisodeResult, TaskId

NONE, AGAIN = "none", "none, again"
KINDS = ("har", "har-bodies", "trace", "film-strip", "har,trace")
HAR_AT_MOST = 1.10


def run_id_of(kind: str) -> str:
    return kind.replace(",", "-").replace(" ", "")


async def opened(kind: str, tasks: str, out: Path, stack: AsyncExitStack) -> tuple[Player, Sequence[TaskId]]:
    given = () if kind in (NONE, AGAIN) else (Given("record", read_record(kind), f"--record {kind}"),)
    options = CliOptions(model="oracle", tasks=tasks, task_set="mini", served_by="embedded", given=given)
    config, _ = load_run_config(options, os.environ)
    prepared = prepare(config, out=out, run_id=run_id_of(kind))
    for folder in RunPaths(prepared.folder).subfolders:
        folder.mkdir(parents=True)
    player = await stack.enter_async_context(open_player(prepared.recipe, os.environ))
    return player, [task.task_id for task in prepared.recipe.tasks]


def size_kb(out: Path) -> tuple[float, int]:
    """KiB of the recordings of a run's episodes, and how many steps these had."""
    sizes = [
        path.stat().st_size for attempt in RunPaths(out).all_attempts() for path in recorded(attempt) if path.exists()
    ]
    steps = sum(len(paths.steps.read_bytes().splitlines()) for paths in RunPaths(out).all_attempts())
    return sum(sizes) / 1024, steps


def recorded(paths: AttemptPaths) -> tuple[Path, Path]:
    return paths.har, paths.trace


async def main(arguments: argparse.Namespace) -> int:
    kinds = (NONE, AGAIN, *arguments.kinds)
    seconds: dict[str, dict[TaskId, list[float]]] = {kind: defaultdict(list) for kind in kinds}
    results: dict[str, list[EpisodeResult]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        async with AsyncExitStack() as stack:
            players = {kind: await opened(kind, arguments.tasks, out, stack) for kind in kinds}
            ids = players[NONE][1]
            for number in range(arguments.rounds * len(ids)):
                task_id = ids[number % len(ids)]
                for turn in range(len(kinds)):
                    kind = kinds[(number + turn) % len(kinds)]
                    result = await players[kind][0].play(Attempt(task_id, 0))
                    results[kind].append(result)
                    seconds[kind][task_id].append(result.wall_s)
                print(f"\r{number + 1}/{arguments.rounds * len(ids)} ", end="", file=sys.stderr, flush=True)
        print("\r", end="", file=sys.stderr)
        sizes = {kind: size_kb(out / run_id_of(kind)) for kind in kinds}
    return table(seconds, results, sizes, arguments.rounds)


def table(
    seconds: dict[str, dict[TaskId, list[float]]],
    results: dict[str, list[EpisodeResult]],
    sizes: dict[str, tuple[float, int]],
    rounds: int,
) -> int:
    sums = {kind: sum(statistics.median(times) for times in by_task.values()) for kind, by_task in seconds.items()}
    same = {kind: [r.value for r in results[kind]] == [r.value for r in results[NONE]] for kind in results}
    print(f"{len(seconds[NONE])} tasks, {rounds} rounds, no model\n")
    print("recorded        s a round  ratio  KiB a step  scores as without")
    for kind in results:
        size, steps = sizes[kind]
        print(
            f"{kind:14s} {sums[kind]:10.2f} {sums[kind] / sums[NONE]:6.2f} {size / max(steps, 1):11.1f}  "
            f"{'yes' if same[kind] else 'NO'}"
        )
    return 0 if sums.get("har", 0) <= HAR_AT_MOST * sums[NONE] and all(same.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3, help="times that each task is played by kind (default 3)")
    parser.add_argument("--tasks", default="smoke", help="tasks of the embedded set (default smoke)")
    parser.add_argument("--kinds", nargs="+", default=KINDS, help="what --record says, one word a kind (default all)")
    sys.exit(asyncio.run(main(parser.parse_args())))

"""Wall time of whole tasks in the loops that others have, and in ours: the same reference actions, the same sites.

`libwebarena` is the public package of the official code: for each task its log-in, its environment and observation, its
2 s of sleep after every action, its evaluator. BrowserGym is played as it is published, with 1 s in every call of
Playwright, 0.5 s before every observation, and its evaluators after every action; a server here is the judge that it
asks then, and knows no right answer. Each has one copy of all sites, from `wa-run sites serve`, which is reset before
each task. Ours is the whole command, from its start to its result table, with 1 and 4 workers on sites of each
episode's own; and with 1 worker on one such copy too. It is played before the others and after them; the median counts.

Run it with: .venv/bin/python -m bench.peers [--tasks smoke] [--peers libwebarena,browsergym]
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from tests.peer.playing import judge, play_in_browsergym, play_in_package
from tests.peer.served import BROWSERGYM_PYTHON, PYTHON, WA_RUN, Shared, shared_sites
from webarena_runner.official.sites import SITES
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.selection import select
from webarena_runner.types import Task

ONE, FOUR, SHARED = "ours, 1 worker", "ours, 4 workers", "ours, 1 worker, one shared copy"
TARGETS = {("libwebarena", ONE): 17, ("libwebarena", FOUR): 28}
PEERS: dict[str, tuple[Path, str, Callable[[Task, Shared], Awaitable[float]]]] = {
    "libwebarena": (PYTHON, "package_side.py", play_in_package),
    "browsergym": (BROWSERGYM_PYTHON, "browsergym_side.py", partial(play_in_browsergym, as_published=True)),
}


async def wa_run(tasks: Sequence[Task], folder: Path, *more: str, workers: int) -> float:
    ids = ",".join(str(task.task_id) for task in tasks)
    options = ("--model", "oracle", "--task-set", "mini", "--tasks", ids, "--workers", str(workers))
    command = [str(WA_RUN), *options, *more, "--out", str(folder / "results"), "--fail-under", "100%"]
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{told.decode()}")
    spent = time.monotonic() - started
    print(f"ours, {workers} workers: {spent:.1f} s", file=sys.stderr, flush=True)
    return spent


async def ours(tasks: Sequence[Task], folder: Path, seconds: dict[str, list[float]]) -> None:
    seconds[ONE].append(await wa_run(tasks, folder, workers=1))
    seconds[FOUR].append(await wa_run(tasks, folder, workers=4))


async def ours_shared(tasks: Sequence[Task], shared: Shared) -> float:
    """On the copy that a peer has too, reset as for it."""
    urls = "".join(f"    {site}: {shared.urls[site]}\n" for site in SITES if site in shared.urls)
    reset = f"{{method: embedded, url: '{shared.variables['WA_RESET_URL']}'}}"
    file = shared.folder / "served.yaml"
    await asyncio.to_thread(file.write_text, f"provider: static\noptions:\n  urls:\n{urls}  reset: {reset}\n")
    os.environ["WA_RESET_TOKEN"] = shared.variables["WA_RESET_TOKEN"]
    options = ("--sites", str(file), "--reset", "per-task", "--yes")
    return await wa_run(tasks, shared.folder, *options, workers=1)


async def theirs(name: str, tasks: Sequence[Task], folder: Path, seconds: dict[str, list[float]]) -> None:
    """One after the other; the start of the sites and of the process with the package is left out."""
    python, side, play = PEERS[name]
    spent = 0.0
    async with shared_sites(folder / name, python=python, side=side) as shared:
        for task in tasks:
            started = time.monotonic()
            score = await play(task, shared)
            spent += (took := time.monotonic() - started)
            print(f"{name}: task {task.task_id}: {took:.1f} s, score {score:g}", file=sys.stderr, flush=True)
            if score != 1:
                sys.exit(f"{name} scores task {task.task_id} {score:g}, so that the loops did not do the same")
        seconds[SHARED].append(await ours_shared(tasks, shared))
    seconds[name].append(spent)


def report(tasks: Sequence[Task], seconds: dict[str, list[float]], asked: int) -> int:
    """Prints the figures; 0 when all that are wanted are reached."""
    of = {name: statistics.median(each) for name, each in seconds.items()}
    print(
        f"{len(tasks)} tasks, {sum(len(task.raw['reference_actions']) for task in tasks)} reference actions; seconds\n"
    )
    for name, spent in of.items():
        print(f"{name:34s}{spent:8.1f}   {', '.join(f'{each:.1f}' for each in seconds[name])}")
    print(f"\nverdicts that BrowserGym asked for: {asked}\n")
    missed = False
    for peer in (name for name in PEERS if name in of):
        for one in (ONE, FOUR, SHARED):
            wanted, ratio = TARGETS.get((peer, one)), of[peer] / of[one]
            missed |= wanted is not None and ratio < wanted
            told = "" if wanted is None else f"  at least {wanted}{'  MISSED' if ratio < wanted else ''}"
            print(f"{peer} / {one:34s}{ratio:6.1f}{told}")
    return int(missed)


async def main(chosen: str, peers: Sequence[str]) -> int:
    tasks = select(chosen, Mini().load(), seed=0)
    seconds: dict[str, list[float]] = defaultdict(list)
    async with judge() as (server, environ):
        os.environ.update(environ)
        with tempfile.TemporaryDirectory() as folder:
            for name in peers:
                await ours(tasks, Path(folder), seconds)
                await theirs(name, tasks, Path(folder), seconds)
            await ours(tasks, Path(folder), seconds)
        return report(tasks, seconds, len(server.chats))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", default="smoke", help="tasks of the embedded set (default smoke)")
    parser.add_argument("--peers", default=",".join(PEERS), help="which of them (default all)")
    given = parser.parse_args()
    if unknown := [name for name in given.peers.split(",") if name not in PEERS]:
        parser.error(f"--peers: unknown {', '.join(unknown)}; expected some of {', '.join(PEERS)}")
    if absent := [str(PEERS[name][0]) for name in given.peers.split(",") if not PEERS[name][0].exists()]:
        parser.error(f"{', '.join(absent)} is absent; `make bench-peers` sets it up")
    sys.exit(asyncio.run(main(given.tasks, given.peers.split(","))))

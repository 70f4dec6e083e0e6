"""What an episode costs in CPU seconds, beside a bare Playwright script that does the same actions on the same sites.

Every task is played in turn by the runner, by the runner without pictures, and by the script: with its actions alone,
reading the accessibility tree too, by Playwright or by a connection of its own, which is the floor of all that reads
pages, and taking a JPEG as well. Each has a Chromium and a driver of its own, the sites'
processes are left out; the order changes from task to task. Ratios are of the sums, over tasks, of the median of an
episode. Run it with: .venv/bin/python -m bench.scale [--rounds 3] [--tasks smoke]

`--alone` leaves all but the runner out, for runs of 200 steps and more: `--alone --rounds 1 --tasks 0-61`.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from bench.bare_script import BareScript, Move
from bench.cpu import drivers, own_s, tree_s
from webarena_runner.browser.find import find_browser
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_steps
from webarena_runner.official.notation import to_placeholders
from webarena_runner.running.player import Player, open_player
from webarena_runner.running.run import prepare
from webarena_runner.settings.loading import CliOptions, Given, load_run_config
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.types import EpisodeResult, Goto, Task, TaskId

OURS, PLAIN = "runner", "runner, no pictures"
SCRIPT, FLOOR = "script: actions", "script: and tree, direct"
TREE, PICTURE = "script: and tree", "script: and tree, picture"
# The tree, by a connection of its own, the picture.
READS = {
    SCRIPT: (False, False, False),
    FLOOR: (True, True, False),
    TREE: (True, False, False),
    PICTURE: (True, False, True),
}
PARTS = ("cpu", "python", "driver", "chromium", "wall")
CPU_TARGETS = ((OURS, PICTURE, 1.0), (PLAIN, TREE, 0.9), (OURS, SCRIPT, 1.35))
WALL_AT_MOST, PYTHON_AT_MOST_S = 1.15, 0.045
WITHOUT_PICTURES = Given("browser.screenshots", "none", "bench")
T = TypeVar("T")


class Playing(Protocol):
    async def play(self, task: Task) -> float:
        """One episode; its wall time in seconds."""
        ...


@dataclass
class Spent:
    """Seconds of one episode; `chromium` and `driver` up to the next one of this side, as pages end after it."""

    python: float = 0.0
    driver: float = 0.0
    chromium: float = 0.0
    wall: float = 0.0

    @property
    def cpu(self) -> float:
        return self.python + self.driver + self.chromium


@dataclass
class Side:
    """Who plays; `pid` is its Playwright driver's, below which its Chromium is."""

    who: Playing
    pid: int
    spent: defaultdict[TaskId, list[Spent]] = field(default_factory=lambda: defaultdict(list))
    _latest: Spent = field(default_factory=Spent)
    _seen: tuple[float, float] = (0.0, 0.0)

    async def episode(self, task: Task) -> None:
        self.look()
        self._latest, python = Spent(), time.process_time()
        self._latest.wall = await self.who.play(task)
        self._latest.python = time.process_time() - python
        self.spent[task.task_id].append(self._latest)

    def look(self) -> None:
        before, driver = self._seen, own_s(self.pid)
        self._seen = driver, tree_s(self.pid) - driver
        self._latest.driver += self._seen[0] - before[0]
        self._latest.chromium += self._seen[1] - before[1]

    def sum_of(self, part: str, leaving_out: set[TaskId]) -> float:
        """Over tasks, of the median of an episode."""
        kept = [some for task_id, some in self.spent.items() if task_id not in leaving_out]
        return float(sum(statistics.median(getattr(each, part) for each in some) for some in kept))


@dataclass
class Runner:
    """The runner with the reference agent; keeps the latest result of each task."""

    player: Player
    paths: RunPaths
    tasks: Sequence[Task]
    results: dict[TaskId, EpisodeResult] = field(default_factory=dict)

    @classmethod
    async def open(cls, name: str, given: Sequence[Given], tasks: str, out: Path, stack: AsyncExitStack) -> Self:
        own = (Given("browser.recycle_after", 10_000, "bench"), *given)
        options = CliOptions(model="oracle", tasks=tasks, task_set="mini", served_by="embedded", given=own)
        config, _ = load_run_config(options, os.environ)
        prepared = prepare(config, out=out, run_id=name)
        for folder in RunPaths(prepared.folder).subfolders:
            folder.mkdir(parents=True)
        player = await stack.enter_async_context(open_player(prepared.recipe, os.environ))
        return cls(player, RunPaths(prepared.folder), prepared.recipe.tasks)

    async def play(self, task: Task) -> float:
        started = time.monotonic()
        result = await self.player.play(Attempt(task.task_id, 0))
        if result.value != 1:
            raise RuntimeError(f"task {task.task_id} did not pass: {result.ending}, {result.failure}")
        self.results[task.task_id] = result
        return time.monotonic() - started

    def moves(self, task: Task) -> list[Move]:
        """Those of the latest episode."""
        urls, moves = self.results[task.task_id].site_urls, list[Move]()
        for step in read_steps(self.paths.episode(task.task_id, 0).folder):
            action = step.decision.action
            if isinstance(action, Goto):
                action = Goto(url=to_placeholders(action.url, urls))
            moves.append(Move(action, step.acted_on))
        return moves

    def end(self, task: Task) -> str:
        return page_of(self.results[task.task_id].final_url)


@dataclass
class Script:
    """The bare script on `moves`; `astray` are the tasks in which it did not end where the runner does."""

    script: BareScript
    moves: dict[TaskId, Sequence[Move]]
    ends: dict[TaskId, str]
    astray: set[TaskId]

    async def play(self, task: Task) -> float:
        started = time.monotonic()
        try:
            url, _ = await self.script.play(task, self.moves[task.task_id])
            end = page_of(url)
        except PlaywrightError as error:
            end = error.message
        if end != self.ends[task.task_id]:
            print(f"task {task.task_id}: the script ends at {end!r:.100}", file=sys.stderr)
            self.astray.add(task.task_id)
        return time.monotonic() - started


def page_of(url: str) -> str:
    """Without the port, which is another one in each episode."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def with_driver(opening: Awaitable[T]) -> tuple[T, int]:
    """What is opened, and the process id of its Playwright driver."""
    before = drivers()
    opened = await opening
    (pid,) = drivers() - before
    return opened, pid


@dataclass
class Bench:
    sides: dict[str, Side]
    tasks: Sequence[Task]
    astray: set[TaskId] = field(default_factory=set)
    steps: dict[TaskId, int] = field(default_factory=dict)
    elements: int = 0
    located: int = 0

    @classmethod
    async def open(cls, tasks: str, out: Path, stack: AsyncExitStack, *, alone: bool = False) -> Self:
        """Each side has played every task once then; `alone` is the runner, and has played none."""
        runner, pid = await with_driver(Runner.open("runner", (), tasks, out, stack))
        if alone:
            return cls({OURS: Side(runner, pid)}, runner.tasks)
        plain, plain_pid = await with_driver(Runner.open("plain", (WITHOUT_PICTURES,), tasks, out, stack))
        bench = cls({OURS: Side(runner, pid), PLAIN: Side(plain, plain_pid)}, runner.tasks)
        executable, sites = find_browser(None).path, await stack.enter_async_context(EmbeddedSites())
        moves, ends = dict[TaskId, Sequence[Move]](), dict[TaskId, str]()
        for name, (tree, direct, picture) in READS.items():
            opening = BareScript.open(stack, executable, sites, tree=tree, direct=direct, picture=picture)
            script, pid = await with_driver(opening)
            bench.sides[name] = Side(Script(script, moves, ends, bench.astray), pid)
        for task in bench.tasks:
            await runner.play(task)
            ends[task.task_id] = runner.end(task)
            _, moves[task.task_id] = await script.play(task, runner.moves(task), learn=True)
            bench.steps[task.task_id] = len(moves[task.task_id])
            bench.elements += sum(move.element is not None for move in moves[task.task_id])
            bench.located += sum(move.nth is not None for move in moves[task.task_id])
        return bench

    async def play(self, rounds: int) -> None:
        names = list(self.sides)
        for number in range(rounds * len(self.tasks)):
            task = self.tasks[number % len(self.tasks)]
            for turn in range(len(names)):
                await self.sides[names[(number + turn) % len(names)]].episode(task)
            print(f"\r{number + 1}/{rounds * len(self.tasks)} ", end="", file=sys.stderr, flush=True)
        print("\r", end="", file=sys.stderr)
        for side in self.sides.values():
            side.look()
        ours = self.sides[OURS].who
        if not self.steps and isinstance(ours, Runner):
            self.steps = {task_id: result.steps for task_id, result in ours.results.items()}

    def report(self, rounds: int) -> int:
        """Prints the figures; 0 when all are reached."""
        steps = sum(taken for task_id, taken in self.steps.items() if task_id not in self.astray)
        print(f"{len(self.steps) - len(self.astray)} tasks, {steps} steps, {rounds} rounds; s a step")
        if SCRIPT in self.sides:
            found = f"{self.located} by role and name, the others by their place"
            print(f"of {self.elements} elements the script finds {found}")
        if self.astray:
            print(f"left out, as the script ended elsewhere: {', '.join(map(str, sorted(self.astray)))}")
        print(f"\n{'':26s}" + "".join(f"{part:>10s}" for part in PARTS))
        sums = {name: {part: side.sum_of(part, self.astray) for part in PARTS} for name, side in self.sides.items()}
        for name, by_part in sums.items():
            print(f"{name:26s}" + "".join(f"{spent / steps:10.4f}" for spent in by_part.values()))
        rows = [
            (f"cpu: {one} / {other}", sums[one]["cpu"] / sums[other]["cpu"], most)
            for one, other, most in CPU_TARGETS
            if other in sums
        ]
        if FLOOR in sums:
            floors = ", ".join(
                f"{sums[FLOOR]['cpu'] / sums[other]['cpu']:.3f} of {other!r}" for other in (TREE, SCRIPT)
            )
            print(f"\nfloor of what reads trees: {floors}")
        if PICTURE in sums:
            rows.append((f"wall: {OURS} / {PICTURE}", sums[OURS]["wall"] / sums[PICTURE]["wall"], WALL_AT_MOST))
        rows.append((f"python, s a step: {OURS}", sums[OURS]["python"] / steps, PYTHON_AT_MOST_S))
        print()
        for what, value, most in rows:
            print(f"{what:48s} {value:6.3f}  at most {most:g}{'' if value <= most else '  MISSED'}")
        return int(any(value > most for _, value, most in rows))


async def main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as out:
        async with AsyncExitStack() as stack:
            bench = await Bench.open(arguments.tasks, Path(out), stack, alone=arguments.alone)
            await bench.play(arguments.rounds)
    return bench.report(arguments.rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3, help="times that each side plays each task (default 3)")
    parser.add_argument("--tasks", default="smoke", help="tasks of the embedded set (default smoke)")
    parser.add_argument("--alone", action="store_true", help="only the runner, for many steps")
    sys.exit(asyncio.run(main(parser.parse_args())))

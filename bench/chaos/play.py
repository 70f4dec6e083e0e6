"""Disturbs runs at random moments until it was done often enough, and says what became of them."""

import os
import random
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.disturbances import SPOILED_SHARE, Disturbance, Scene
from bench.chaos.findings import Outcomes, Row, examine, finished_in, noise_of, outcomes_of
from bench.chaos.model import ModelServer
from bench.chaos.places import LeftOut
from bench.chaos.processes import Family
from bench.chaos.run import ChaosError, Run
from bench.chaos.tasks import write_tasks
from bench.chaos.timeline import Timeline
from webarena_runner.models.llama_cpp.backend import LlamaCpp
from webarena_runner.settings.loading import load_model_spec

LIMIT_S = 600.0
# A moment is within a start, or a while after something has been done.
DURING_START = 0.3
MOST_START_S = 5.0
MOST_PAUSE_S = 1.5
LOOK_S = 0.02
# No run is disturbed more often than this, so that it ends at some time.
MOST_A_RUN = 15
TIMES_ON = 6


# With one request at a time, nothing kept of earlier ones and temperature 0 it says the same each time.
SMALL_MODEL = (
    *("--model", "smollm2-local", "--prompt", "small", "--seed", "0", "--trials", "2"),
    *("-o", "sampling.temperature=0", "-o", "sampling.max_tokens=24", "-o", "model.context_window=2048"),
    *("-o", "model.options.extra_body={cache_prompt: false}", "-o", "observation.ids=stable"),
    *("-o", "observation.max_tokens=100", "-o", "limits.max_steps=2", "-o", "actions.constrain=words"),
)


@dataclass
class Games:
    """What is played, and what comes of each when nothing disturbs it."""

    place: Path
    tasks: int
    workers: int = 2
    _undisturbed: dict[str, Outcomes] = field(default_factory=dict)

    def arguments(self, game: str, server: ModelServer) -> list[str]:
        shared = ["--workers", str(self.workers), "--trials", "2"]
        if game == "smoke":
            return ["--model", "oracle", "--tasks", "smoke", *shared, "-o", "observation.ids=stable"]
        file = self.place / f"tasks-{game.replace(' ', '-')}.json"
        write_tasks(file, self.tasks if game == "scripted" else 1)
        chosen = ("--task-set", str(file), "--sites", "embedded")
        if game == "small model":
            return [*SMALL_MODEL, *chosen]
        options = {
            "base_url": f"http://127.0.0.1:{server.port}/v1",
            "retry_first_wait_s": "0.2",
            "retry_longest_wait_s": "2",
            "timeout_s": "5",
        }
        assigned = (word for key, value in options.items() for word in ("-o", f"model.options.{key}={value}"))
        return ["--model", "openai-compatible", "--prompt", "direct", *chosen, *shared, *assigned]

    def undisturbed(self, game: str) -> Outcomes:
        if game == "small model" and (lacking := LlamaCpp.availability(load_model_spec("smollm2-local"), os.environ)):
            raise LeftOut(lacking)
        if game not in self._undisturbed:
            place, server = self.place / f"undisturbed-{game}", ModelServer()
            place.mkdir()
            run = Run(place, self.arguments(game, server))
            try:
                run.start()
                if run.wait(LIMIT_S):
                    raise ChaosError(f"the undisturbed run went wrong:\n{run.output[-3000:]}")
                self._undisturbed[game] = outcomes_of(run.folder)
            finally:
                server.kill()
                run.close()
        return self._undisturbed[game]


def play(name: str, kind: Disturbance, games: Games, *, moments: int, chance: random.Random) -> Row:
    row, clock = Row(name), time.monotonic()
    try:
        undisturbed = games.undisturbed(kind.game)
    except LeftOut as missing:
        row.left_out = str(missing)
        return row
    except ChaosError as error:
        row.stuck.append(str(error))
        return row
    while row.moments < moments and not row.left_out and not row.stuck and row.runs <= moments:
        row.runs += 1
        with tempfile.TemporaryDirectory(prefix="chaos-", dir=games.place) as place:
            try:
                _play_one(row, kind, games, Path(place), undisturbed, moments=moments, chance=chance)
            except LeftOut as missing:
                row.left_out = str(missing)
            except ChaosError as error:
                row.stuck.append(str(error))
    row.wall_s = time.monotonic() - clock
    return row


def _play_one(
    row: Row,
    kind: Disturbance,
    games: Games,
    place: Path,
    undisturbed: Outcomes,
    *,
    moments: int,
    chance: random.Random,
) -> None:
    server = ModelServer(kind.fault, SPOILED_SHARE)
    run = Run(place, games.arguments(kind.game, server))
    family, strikes, seen = Family(run.mark), list[float](), dict[str, int]()
    try:
        with kind.around(run) if kind.around else nullcontext() as around, Timeline(run.folder) as timeline:
            scene = Scene(run, server, family, chance, around)
            run.start()
            most = min(MOST_A_RUN, moments - row.moments)
            while not kind.fault and len(strikes) < most and _until_a_moment(run, timeline, chance):
                seen |= finished_in(run.folder)
                struck, now = kind.drawn(chance), time.monotonic()
                if not struck.strike or not struck.strike(scene):
                    continue
                strikes.append(now)
                if struck.ends_run:
                    row.resumes += _back(run, len(undisturbed))
            row.resumes += _to_the_end(run, len(undisturbed))
            row.orphans += [f"{pid}: {args[:200]}" for pid, args in family.left().items()]
            examine(row, run, seen, undisturbed)
        row.noise += noise_of(run, kind.noise)
        row.moments += server.spoiled if kind.fault else len(strikes)
        row.standstills_s += timeline.standstills(strikes)
    finally:
        server.kill()
        run.close()


def _until_a_moment(run: Run, timeline: Timeline, chance: random.Random) -> bool:
    """False: the run has ended before."""
    if chance.random() < DURING_START:
        return not _ends_within(run, chance.uniform(0, MOST_START_S))
    before, deadline = timeline.count, time.monotonic() + LIMIT_S
    while timeline.count == before:
        if time.monotonic() > deadline:
            raise ChaosError(f"nothing was done for {LIMIT_S:g} s:\n{run.output[-3000:]}")
        if _ends_within(run, LOOK_S):
            return False
    return not _ends_within(run, chance.uniform(0, MOST_PAUSE_S))


def _ends_within(run: Run, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not run.is_over and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    return run.is_over


def _back(run: Run, planned: int) -> int:
    """Waits for the end of a run that has been ended, and goes on with what is left of it: 1 if there was any."""
    run.wait(LIMIT_S)
    if run.is_done and len(finished_in(run.folder)) == planned:
        return 0
    run.go_on()
    return 1


def _to_the_end(run: Run, planned: int) -> int:
    """How often it had to be told to go on until all had a score."""
    for times in range(TIMES_ON):
        run.wait(LIMIT_S)
        if run.is_done and len(finished_in(run.folder)) == planned:
            return times
        run.go_on()
    raise ChaosError(f"{planned - len(finished_in(run.folder))} episodes get no score:\n{run.output[-3000:]}")

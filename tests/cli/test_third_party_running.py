"""Somebody else's world, executor and exporter: used by their entry points alone, in whole runs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke, start
from tests.support.third_party import install

RUNNING = '''
import asyncio, hashlib, os, pickle, sys
from contextlib import asynccontextmanager

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.log.reading import read_results
from webarena_runner.running.player import open_player
from webarena_runner.types import Click, EpisodeResult, Observation, Score, Task

EXITS = {"hall": ("cellar", "attic"), "cellar": ("hall",), "attic": ("hall",)}


class RoomTasks:
    """A task for each room but the first; the one of a room that is not there cannot be set up."""

    name, served_by = "rooms", None

    def load(self, *, allow_modified=False):
        tasks = tuple(
            Task(
                task_set="rooms", task_id=f"find/{room}", intent=f"Go to the {room}, and say so", sites=(),
                start_urls=(), login_sites=(), template_id=0, checks=(), raw={},
            )
            for room in ("cellar", "attic", "garden")
        )
        sha256 = hashlib.sha256(b"rooms").hexdigest()
        return LoadedTasks("rooms", tasks, sha256, "memory", environment="rooms")


class Rooms:
    versions = {"rooms": "1.0"}

    @classmethod
    @asynccontextmanager
    async def open(cls, setup):
        yield cls()

    @asynccontextmanager
    async def episode(self, task, *, trial, notes):
        goal = task.task_id.removeprefix("find/")
        if goal not in EXITS:
            raise SiteError(f"there is no {goal}")
        yield Walk(goal)


class Walk:
    def __init__(self, goal):
        self.goal, self.room = goal, "hall"

    @property
    def url(self):
        return f"rooms://{self.room}"

    async def observe(self):
        lines = [f"[{number}] door to the {room}" for number, room in enumerate(EXITS[self.room], start=1)]
        return Observation(url=self.url, tabs=(), text="\\n".join([f"You are in the {self.room}.", *lines]))

    async def step(self, action):
        if isinstance(action, Click):
            self.room = EXITS[self.room][int(action.element_id) - 1]
        return await self.observe()

    async def score(self, answer):
        value = float(self.room == self.goal and answer == self.goal)
        seen = {"room": self.room, "process": os.getpid()}
        return value, (Score(evaluator="rooms", value=value, evidence=seen),)


class InChild:
    """One episode after another, in a process of its own that knows the run by its pickled recipe."""

    versions = {}

    def __init__(self, child):
        self.child = child

    @classmethod
    @asynccontextmanager
    async def open(cls, setup):
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "someones_running", stdin=pipe, stdout=pipe)
        child.stdin.write(pickle.dumps(setup.recipe))
        yield cls(child)
        child.stdin.close()
        await child.wait()

    async def run(self, schedule):
        while attempt := schedule.next():
            self.child.stdin.write(pickle.dumps(attempt))
            result = EpisodeResult.model_validate_json(await self.child.stdout.readline())
            schedule.ended(attempt, result)
            yield result


async def work():
    recipe = pickle.load(sys.stdin.buffer)
    async with open_player(recipe, os.environ) as player:
        while True:
            try:
                attempt = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            print((await player.play(attempt)).model_dump_json(), flush=True)


class Tally:
    def __init__(self, path):
        self.path = path

    @classmethod
    def build(cls, setup):
        if setup.target == "nowhere":
            raise ConfigError("tally=nowhere: expected a file name")
        return cls(setup.out / (setup.target or "tally.txt"))

    def export(self, folder):
        said = sorted(f"{key[0]}={result.value}" for key, result in read_results(folder).items())
        self.path.write_text(" ".join(said))
        return f"{self.path.name} of {folder.name}"


if __name__ == "__main__":
    asyncio.run(work())
'''
ENTRY_POINTS = """
[webarena_runner.tasksets]
rooms = someones_running:RoomTasks
[webarena_runner.environments]
rooms = someones_running:Rooms
[webarena_runner.executors]
in-child = someones_running:InChild
[webarena_runner.exporters]
tally = someones_running:Tally
"""
LIMIT_S = 60
TOLD = "find/attic=0.0 find/cellar=1.0 find/garden=None"


@pytest.fixture
def installed(workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package on the path of this process and of those that it starts, and a recording that plays its tasks."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    install(folder, "someones_running", RUNNING, ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    replies = {f"find/{room}": ["```click [1]```", f"```stop [{room}]```"] for room in ("cellar", "attic", "garden")}
    Path("replies.json").write_text(json.dumps(replies))


MODEL = ("--model", "replay", "-o", "model.options.path=replies.json", "--prompt", "direct")
RUN = (*MODEL, "--task-set", "rooms", "--run-id", "r", "-o", "limits.retries=1")


def results() -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in Path("results/r/episodes").glob("*/result.json")]
    return {result["task_id"]: result for result in found}


@pytest.mark.long
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("executor", ["local", "in-child"])
def test_a_world_of_its_own_is_played_and_scored_here_or_in_another_process(executor: str) -> None:
    run = start(*RUN, "--executor", executor, "-o", "exporters=[leaderboard, tally]")
    out, err = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 1, err
    assert "find/garden trial 0: errored (site: there is no garden); will be tried again" in err
    assert "tally: tally.txt of r" in out
    assert re.search("^none +3 ", out, re.MULTILINE)
    assert Path("results/tally.txt").read_text() == TOLD
    assert Path("results/leaderboard.csv").exists()
    done = results()
    cellar = done["find/cellar"]
    assert (cellar["value"], cellar["steps"], cellar["final_url"]) == (1.0, 2, "rooms://cellar")
    assert cellar["scores"][0]["evidence"]["room"] == "cellar"
    assert (cellar["scores"][0]["evidence"]["process"] == run.pid) == (executor == "local")
    assert done["find/garden"]["attempt"] == 2
    manifest = json.loads(Path("results/r/manifest.json").read_text())
    assert (manifest["environment"], manifest["config"]["settings"]["executor"]) == ("rooms", executor)


@pytest.mark.usefixtures("installed")
def test_a_run_is_resumed_in_its_world_and_exported_later(invoke: Invoke) -> None:
    assert invoke(*RUN).code == 1
    assert not Path("results/tally.txt").exists()
    resumed = invoke("resume", "r")
    assert resumed.code == 1, resumed
    assert results()["find/garden"]["attempt"] == 4
    exported = invoke("export", "r", "--to", "tally=later.txt", "--to", "leaderboard=all.csv")
    assert (exported.code, exported.out) == (0, "tally: later.txt of r\nleaderboard: all.csv\n")
    assert Path("results/later.txt").read_text() == TOLD
    assert Path("all.csv").exists()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*RUN, "--executor", "in-chil"), "unknown executor plug-in 'in-chil'; did you mean 'in-child'?"),
        ((*RUN, "-o", "exporters=[taly]"), "unknown exporter plug-in 'taly'; did you mean 'tally'?"),
        ((*RUN, "-o", "exporters=[tally=nowhere]"), "tally=nowhere: expected a file name"),
        ((*RUN, "-o", "exporters=[leaderboard=.]"), "leaderboard=.: is a folder; expected a CSV file"),
    ],
)
def test_a_wrong_name_or_target_is_told_before_anything_is_run(
    invoke: Invoke, arguments: tuple[str, ...], told: str
) -> None:
    done = invoke(*arguments)
    assert done.code == 2
    assert told in done.err
    assert not Path("results").exists()


@pytest.mark.usefixtures("installed")
def test_nothing_is_exported_when_one_target_is_wrong(invoke: Invoke) -> None:
    assert invoke(*RUN, "--tasks", "all").code == 1
    done = invoke("export", "r", "--to", "tally", "--to", "talli")
    assert (done.code, "did you mean 'tally'?" in done.err) == (2, True)
    assert not Path("results/tally.txt").exists()

"""Environments in programs that another Python runs: real processes, with all that they may do wrong."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from webarena_runner.environments.served import Served, ServedEpisode
from webarena_runner.errors import ConfigError, EnvironmentFault, EnvironmentGone, LimitExceeded, ProtocolFault
from webarena_runner.interfaces.environments import EnvironmentSetup, EpisodeNotes
from webarena_runner.settings.records import RunSettings, SitesSpec
from webarena_runner.types import CallTool, Invalid, Task

WORLD = """
import os, subprocess, sys, time

class World:
    versions = {"counter": "3"}

    def begin(self, task_id, record, seed):
        self.at = record["start"] + seed
        tool = {"name": "count", "description": "", "parameters": {"type": "object"}}
        return {"text": f"{task_id} at {self.at}", "tools": [tool], "intent": record.get("intent", "")}

    def call(self, name, arguments):
        if arguments["how"] == "odd":
            return {"text": object()}
        getattr(self, arguments["how"])()
        return {"text": f"at {self.at}", "over": self.at > 2, "error": "" if self.at else "nothing yet"}

    def score(self, answer):
        return {"value": float(self.at > 2), "explanation": answer, "evidence": {"process": os.getpid()}}

    def up(self):
        self.at += 1

    def stay(self):
        pass

    def say(self):
        print("hello")
        subprocess.run(["echo", "hello"])
        self.up()

    def show(self):
        self.at = ",".join(sorted(os.environ)), sys.path[0]
        self.at = type("Shown", (), {"__format__": lambda s, f, at=self.at: str(at), "__gt__": lambda s, o: False})()

    def ask(self):
        self.at = len(sys.stdin.read()) + 1

    def fail(self):
        raise ValueError("no such number")

    def die(self):
        print("out of numbers", file=sys.stderr)
        os._exit(3)

    def hang(self):
        time.sleep(600)
"""
# Programs that are written otherwise, and what they say at their start.
RAW = "import sys, time\nsys.stdin.readline()\n{}\nsys.stdin.read()\n"


def task(**record: Any) -> Task:
    return Task(
        task_set="counters",
        task_id="c",
        intent="count",
        sites=(),
        start_urls=(),
        login_sites=(),
        checks=(),
        raw={"start": 0} | record,
    )


@pytest.fixture
def counters(tmp_path: Path) -> type[Served]:
    path = tmp_path / "counter_world.py"
    path.write_text(WORLD)

    class Counters(Served):
        name = "counters"
        program = path

    return Counters


def opening(kind: type[Served], **settings: Any) -> AbstractAsyncContextManager[Served]:
    read = RunSettings.model_validate({"profile": "calls", "environment": settings})
    environ = {**os.environ, "SOME_API_KEY": "secret"}
    return kind.open(EnvironmentSetup(read, SitesSpec(provider="static", options={}), environ))


def call(how: str) -> CallTool:
    return CallTool(name="count", arguments={"how": how})


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def process_of(episode: ServedEpisode) -> Any:
    return (await episode.score(""))[1][0].evidence["process"]


async def play(served: Served, action: CallTool, processes: list[int]) -> None:
    async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
        processes.append(int(await process_of(episode)))
        await episode.step(action)


def gone(process: int) -> None:
    """Waits for the end of a process, whoever's it was."""
    until = time.monotonic() + 30
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until
            time.sleep(0.02)


async def test_an_episode_is_begun_played_and_scored_there(counters: type[Served]) -> None:
    notes, before = EpisodeNotes(), children()
    async with opening(counters) as served:
        assert served.versions == {"counter": "3"}
        async with served.episode(task(intent="count on"), trial=1, notes=notes) as episode:
            assert (notes.intent, [tool.name for tool in notes.tools]) == ("count on", ["count"])
            assert (await episode.observe()).text == "c at 1"
            refused = await episode.step(Invalid(raw="x", reason="no call"))
            assert (refused.text, refused.action_error) == ("c at 1", "no call")
            assert (await episode.step(call("up"))).text == "at 2"
            assert not episode.is_over
            assert (await episode.step(call("ask"))).text == "at 1"
            assert (await episode.step(call("say"))).text == "at 2"
            assert (await episode.step(call("up"))).text == "at 3"
            assert episode.is_over
            value, (score,) = await episode.score("three")
            assert (value, score.evaluator, score.explanation) == (1.0, "counters", "three")
            process = score.evidence["process"]
        async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
            assert await process_of(episode) == process
            assert (await episode.step(call("stay"))).action_error == "nothing yet"
    assert children() == before


async def test_episodes_at_once_have_a_program_each(counters: type[Served]) -> None:
    async with (
        opening(counters) as served,
        served.episode(task(), trial=0, notes=EpisodeNotes()) as one,
        served.episode(task(), trial=0, notes=EpisodeNotes()) as other,
    ):
        await one.step(call("up"))
        assert (await other.step(call("up"))).text == "at 1"
        assert await process_of(one) != await process_of(other)


async def test_the_program_is_given_no_key_and_finds_its_neighbours_not_ours(
    counters: type[Served], tmp_path: Path
) -> None:
    async with opening(counters) as served, served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
        shown = (await episode.step(call("show"))).text
    assert "PATH" in shown
    assert "SOME_API_KEY" not in shown
    assert str(tmp_path) in shown


@pytest.mark.parametrize(
    ("how", "error", "told"),
    [
        ("die", EnvironmentGone, "its program ended with code 3: out of numbers"),
        ("fail", EnvironmentFault, "'call' failed: ValueError: no such number"),
        ("odd", EnvironmentFault, "'call' failed: TypeError: Object of type object is not JSON serializable"),
        ("hang", LimitExceeded, r"'call' was not answered within 0\.5 s \(environment\.step_timeout_s\)"),
    ],
)
async def test_what_goes_wrong_there_is_an_error_and_the_next_episode_has_a_program_of_its_own(
    counters: type[Served], how: str, error: type[Exception], told: str
) -> None:
    async with opening(counters, step_timeout_s=0.5) as served:
        processes: list[int] = []
        with pytest.raises(error, match=told):
            await play(served, call(how), processes)
        assert not psutil.pid_exists(processes[0])
        async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
            assert (await episode.step(call("up"))).text == "at 1"


async def test_an_episode_that_is_cancelled_leaves_no_program(counters: type[Served]) -> None:
    before, began = children(), asyncio.Event()
    async with opening(counters) as served:

        async def hang() -> None:
            async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
                began.set()
                await episode.step(call("hang"))

        playing = asyncio.create_task(hang())
        await began.wait()
        playing.cancel()
        await asyncio.wait([playing])
        assert children() == before


async def test_a_program_that_died_while_nobody_played_is_started_anew(counters: type[Served]) -> None:
    async with opening(counters) as served:
        async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
            first = int(await process_of(episode))
        os.kill(first, signal.SIGKILL)
        await asyncio.to_thread(gone, first)
        async with served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
            assert await process_of(episode) != first


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("print('Welcome!', flush=True)", "its program wrote: Welcome!"),
        ('print(\'{"jsonrpc": "2.0", "id": 9, "result": {}}\', flush=True)', "a line of JSON-RPC with id 1"),
        ('print(\'{"jsonrpc": "2.0", "id": 1, "result": {}}\', flush=True)', "protocol: field required"),
        ('print(\'{"jsonrpc": "2.0", "id": 1, "result": {"protocol": 7}}\', flush=True)', "speaks version 7"),
        ("print('x' * 2**25, flush=True)", "a line of more than 16 MiB"),
        ("import no_such_package", "ended with code 1: .*No module named 'no_such_package'"),
        ("pass", r"'initialize' was not answered within 0\.5 s \(environment\.start_timeout_s\)"),
    ],
)
async def test_a_program_that_does_not_get_ready_is_told_before_anything_is_played(
    tmp_path: Path, said: str, told: str
) -> None:
    (tmp_path / "raw.py").write_text(RAW.format(said))

    class Raw(Served):
        name = "raw"

        @classmethod
        def command(cls, python: Path) -> list[str]:
            return [str(python), str(tmp_path / "raw.py")]

    before = children()
    with pytest.raises(ConfigError, match=f"{told}.*environment.python") as refused:
        async with opening(Raw, start_timeout_s=0.5 if said == "pass" else 60):
            pass
    assert "has to have the packages of 'raw'" in str(refused.value)
    assert children() == before


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"text": "here", "tools": []}', "the answer to 'begin' is not as the protocol has it: tools: "),
        ('{"text": 3, "tools": [{"name": "a", "parameters": {}}]}', "text: input should be a valid string"),
        ('{"tools": [{"name": "a", "parameters": {}}]}', "text: field required"),
        ("[]", "result: "),
    ],
)
async def test_an_answer_that_is_not_in_the_protocol_is_an_error_that_is_not_tried_again(
    tmp_path: Path, answer: str, told: str
) -> None:
    ready = '{"jsonrpc": "2.0", "id": 1, "result": {"protocol": 1}}'
    begun = f'{{"jsonrpc": "2.0", "id": 2, "result": {answer}}}'
    source = RAW.format(f"print({ready!r}, flush=True)\nsys.stdin.readline()\nprint({begun!r}, flush=True)")
    (tmp_path / "raw.py").write_text(source)

    class Raw(Served):
        name = "raw"

        @classmethod
        def command(cls, python: Path) -> list[str]:
            return [str(python), str(tmp_path / "raw.py")]

    async with opening(Raw) as served:
        with pytest.raises(ProtocolFault, match=told) as refused:
            async with served.episode(task(), trial=0, notes=EpisodeNotes()):
                pass
    assert not refused.value.may_retry


async def test_a_python_that_is_not_there_or_is_none_is_told(counters: type[Served], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="environment.python: /no/python is not there"):
        async with opening(counters, python="/no/python"):
            pass
    (tmp_path / "text").write_text("no program")
    with pytest.raises(ConfigError, match="text cannot be started: Permission denied"):
        async with opening(counters, python=str(tmp_path / "text")):
            pass


def test_a_bare_environment_without_the_runner_plays_it(counters: type[Served], tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)

    async def played() -> str:
        async with (
            opening(counters, python=str(tmp_path / "bare" / "bin" / "python")) as served,
            served.episode(task(), trial=0, notes=EpisodeNotes()) as episode,
        ):
            return (await episode.step(call("up"))).text

    assert asyncio.run(played()) == "at 1"


OWNER = """
import asyncio, sys
from tests.environments.test_served import call, opening, process_of, task
from webarena_runner.environments.served import Served
from webarena_runner.interfaces.environments import EpisodeNotes
from pathlib import Path

class Counters(Served):
    name = "counters"
    program = Path(sys.argv[1])

async def main():
    async with opening(Counters) as served, served.episode(task(), trial=0, notes=EpisodeNotes()) as episode:
        print(await process_of(episode), flush=True)
        await (episode.step(call("hang")) if sys.argv[2] == "hang" else asyncio.sleep(600))

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["wait", pytest.param("hang", marks=pytest.mark.long)])
def test_a_program_ends_with_a_runner_that_is_killed(counters: type[Served], how: str) -> None:
    command = [sys.executable, "-c", OWNER, str(counters.program), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        process = int(owner.stdout.readline())
        owner.kill()
    gone(process)

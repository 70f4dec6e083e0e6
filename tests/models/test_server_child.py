"""A server as a child: started, watched, started again, ended with all its processes."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from webarena_runner.errors import ModelError
from webarena_runner.models.shared import guard
from webarena_runner.models.shared.child import MAX_RESTARTS, ServerChild

SERVER = Path(__file__).with_name("healthy_server.py")
Make = Callable[..., ServerChild]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def child(mode: str, *, start_timeout_s: float = 10, **options: float) -> ServerChild:
            command = [sys.executable, str(SERVER), mode]
            made = ServerChild(lambda: command, {}, subject="model 'm'", start_timeout_s=start_timeout_s, **options)
            stack.push_async_callback(made.aclose)
            stack.callback(made.log.unlink, missing_ok=True)
            return made

        yield child


def engine_of(child: ServerChild) -> int:
    """The process that the latest server has started."""
    return int(re.findall(r"engine (\d+)", child.log.read_text())[-1])


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until_ended(process: int) -> None:
    """Of a process that need not be our child."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(5):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_it_is_ready_when_healthy_and_ends_with_all_it_started(make: Make) -> None:
    child = make("serve")
    assert await child.ready() == 1
    engine = engine_of(child)
    server = parent_of(engine)
    await child.aclose()
    assert not runs(server)
    await until_ended(engine)
    assert not child.log.exists()


@pytest.mark.parametrize("killed", ["server", "guard"])
async def test_a_server_that_dies_is_started_again_on_the_same_port(make: Make, killed: str) -> None:
    child = make("serve")
    await child.ready()
    url, engine = child.url, engine_of(child)
    server = parent_of(engine)
    gone = asyncio.create_task(child.gone(1))
    os.kill(server if killed == "server" else parent_of(server), signal.SIGKILL)
    await gone
    await until_ended(server)
    assert await child.ready() == 2
    assert child.url == url
    assert engine_of(child) != engine
    await until_ended(engine)


async def test_a_server_that_dies_too_often_is_given_up(make: Make) -> None:
    child = make("serve")
    for start in range(1, MAX_RESTARTS + 2):
        assert await child.ready() == start
        os.kill(parent_of(engine_of(child)), signal.SIGKILL)
        await child.gone(start)
    with pytest.raises(ModelError, match=f"{MAX_RESTARTS + 1} times in a row.*{child.log.name}"):
        await child.ready()


async def test_a_server_that_has_lived_for_a_while_may_die_any_number_of_times(make: Make) -> None:
    child = make("serve", good_life_s=0)
    for start in range(1, MAX_RESTARTS + 3):
        assert await child.ready() == start
        os.kill(parent_of(engine_of(child)), signal.SIGKILL)
        await child.gone(start)


async def test_a_server_that_does_not_start_is_told_with_the_end_of_its_log(make: Make) -> None:
    child = make("fail")
    with pytest.raises(ModelError, match=r"(?s)ended at start, code 1; .*no memory left on the card"):
        await child.ready()
    await child.aclose()
    assert child.log.exists()


async def test_a_server_that_is_not_healthy_in_time_is_ended(make: Make) -> None:
    child = make("deaf", start_timeout_s=1.5)
    with pytest.raises(ModelError, match=r"not healthy within 1.5 s \(start_timeout_s\)"):
        await child.ready()
    await until_ended(engine_of(child))


@pytest.mark.parametrize("mode", ["run", "watch"])
async def test_processes_end_with_their_owner_even_if_that_is_killed(mode: str) -> None:
    # The owner is killed when its first line has come, and by then it must have a guard.
    owner = f"""
import subprocess, sys, time
guard = [sys.executable, {guard.__file__!r}, {mode!r}]
code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
sleeper = [sys.executable, "-c", code]
if {mode!r} == "watch":
    watched = subprocess.Popen(sleeper, start_new_session=True, stdout=subprocess.PIPE)
    sleeper = [str(watched.pid)]
subprocess.Popen([*guard, *sleeper], stdin=subprocess.PIPE, start_new_session=True)
if {mode!r} == "watch":
    print(watched.pid, flush=True)
time.sleep(600)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", owner, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    sleeping = int(await process.stdout.readline())
    assert runs(sleeping)
    process.kill()
    await until_ended(sleeping)
    async with asyncio.timeout(5):
        await process.communicate()

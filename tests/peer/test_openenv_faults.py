"""Our server for OpenEnv where something goes wrong: what it cannot begin with, what clients send, how it is ended."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

pytest.importorskip("openenv", reason="no openenv in this environment: make openenv-test")

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.peer.openenv_served import WA_RUN, Served, served
from webarena_runner.openenv.client import WebArenaClient
from webarena_runner.openenv.server import MAX_MESSAGE

pytestmark = pytest.mark.peer
ANSWER_LIMIT_S = 300


@pytest.fixture(scope="module")
def two() -> Iterator[Served]:
    with served(2) as server:
        yield server


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--task-set", "minny"], "minny"),
        (["--tasks", "99999"], "99999"),
        (["--host", "0.0.0.0"], "--host"),
        (["--sessions", "0"], "--sessions"),
        (["-o", "browser.executable=/nowhere/chromium"], "/nowhere/chromium"),
    ],
    ids=["task set", "task", "host", "sessions", "browser"],
)
def test_what_it_cannot_begin_with_is_one_error(options: list[str], said: str) -> None:
    code, err = _refused("--port", "0", *options)
    assert (code, said in err, "Traceback" in err) == (2, True, False), err


def test_a_port_in_use_is_one_error_even_where_nobody_listens_on_it_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, err = _refused("--port", str(port))
    assert (code, f"--port {port}: cannot be opened" in err) == (2, True), err
    command = [WA_RUN, "env", "serve", "--port", str(port)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    while not (ended := [each for each in both if each.poll() is not None]):
        time.sleep(0.1)
    (other,) = [each for each in both if each not in ended]
    assert other.stdout is not None
    assert other.stdout.readline() == f"http://127.0.0.1:{port}\n"
    other.send_signal(signal.SIGTERM)
    assert ("Traceback" in other.communicate()[1], other.returncode) == (False, 0)
    err = ended[0].communicate()[1]
    assert (ended[0].returncode, "cannot be opened" in err, "Traceback" in err) == (2, True, False), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_to_its_group_ends_it_with_all_its_processes_while_sessions_play(number: signal.Signals) -> None:
    with served(3) as server, ExitStack() as stack:
        playing, waiting, _ = [stack.enter_context(_connected(server)) for _ in range(3)]
        _ask(waiting, "reset", task_id=37)
        playing.send(json.dumps({"type": "reset", "data": {"task_id": 37}}))
        below = psutil.Process(server.process.pid).children(recursive=True)
        os.killpg(server.process.pid, number)
        assert (server.process.wait(60), "Traceback" in server.said()) == (0, False), server.said()
        assert [each for each in psutil.wait_procs(below, timeout=10)[1] if each.status() != "zombie"] == []
        with pytest.raises(ConnectionClosed):
            _read_on(waiting)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "INVALID_JSON"),
        ("reset", "INVALID_JSON"),
        ("[1]", "SESSION_ERROR"),
        ('{"type": "fly"}', "UNKNOWN_TYPE"),
        ('{"type": "step", "data": {}}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": {"action": 12}}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": {"action": "stop []", "more": 1}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": 5}', "VALIDATION_ERROR"),
    ],
)
def test_what_is_no_message_of_the_protocol_is_answered_with_an_error(two: Served, message: str, code: str) -> None:
    with _connected(two) as connection:
        connection.send(message)
        answer = json.loads(connection.recv(timeout=ANSWER_LIMIT_S))
    assert (answer["type"], answer["data"]["code"]) == ("error", code)
    assert _is_free(two)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ({"task_id": [1]}, "reset: task_id=[1]: expected an id"),
        ({"seed": "x"}, "reset: seed='x': expected an integer"),
        ({"episode_id": 5}, "reset: episode_id=5: expected a text"),
        ({"index": 1.5}, "reset: index=1.5: expected an integer"),
        ({"index": 176}, "reset: index 176: expected a number from 0 to 175"),
        ({"index": 0, "split": "train"}, "split 'train': there is only 'mini'"),
        ({"max_steps": True}, "reset: max_steps=True: expected an integer"),
    ],
)
def test_arguments_of_a_reset_that_are_none_are_named(two: Served, argument: dict[str, object], said: str) -> None:
    with _connected(two) as connection:
        answer = _ask(connection, "reset", **argument)
        assert (answer["data"]["message"], answer["data"]["code"]) == (said, "EXECUTION_ERROR")


def test_bytes_and_messages_that_are_too_long_end_their_connection_only(two: Served) -> None:
    with _connected(two) as playing:
        _ask(playing, "reset", task_id=37)
        for rude in (b"\x00\xff" * 100, "x" * (MAX_MESSAGE + 1)):
            with _connected(two) as connection:
                connection.send(rude)
                with pytest.raises(ConnectionClosed):
                    _read_on(connection)
        assert _ask(playing, "step", action="stop [380]")["data"]["done"] is True
    assert _is_free(two)


def test_what_is_no_http_is_refused_and_a_connection_that_says_nothing_takes_no_place(two: Served) -> None:
    port = int(two.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as silent, socket.create_connection(("127.0.0.1", port)) as rude:
        rude.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert rude.recv(12) == b"HTTP/1.1 400"
        assert _is_free(two)
        silent.sendall(b"")


def test_an_action_that_is_too_long_is_refused_and_the_episode_goes_on(two: Served) -> None:
    with _connected(two) as connection:
        _ask(connection, "reset", task_id=37)
        assert _ask(connection, "step", action="x" * 100_001)["data"]["code"] == "VALIDATION_ERROR"
        ended = _ask(connection, "step", action="stop [380]")
        assert (ended["data"]["done"], ended["data"]["reward"]) == (True, 1.0)


def _refused(*options: str) -> tuple[int, str]:
    command = [WA_RUN, "env", "serve", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_LIMIT_S, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def _connected(server: Served) -> ClientConnection:
    return connect(server.url.replace("http", "ws") + "/ws", max_size=None, ping_interval=None, proxy=None)


def _ask(connection: ClientConnection, kind: str, **data: object) -> dict[str, dict[str, object]]:
    connection.send(json.dumps({"type": kind, "data": data}))
    answer: dict[str, dict[str, object]] = json.loads(connection.recv(timeout=ANSWER_LIMIT_S))
    return answer


def _read_on(connection: ClientConnection) -> None:
    while True:
        connection.recv(timeout=ANSWER_LIMIT_S)


def _is_free(server: Served) -> bool:
    """Both places, once the server has heard that others have gone."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with WebArenaClient(server.url).sync() as one, WebArenaClient(server.url).sync() as other:
                one.state()
                other.state()
                return True
        except RuntimeError as error:
            if "CAPACITY_REACHED" not in str(error):
                raise
    return False

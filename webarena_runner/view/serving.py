"""Starts and ends the server."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from webarena_runner.errors import UsageError
from webarena_runner.view.app import HOSTS, make_app
from webarena_runner.view.runs import Runs
from webarena_runner.view.traces import make_trace_app, viewer_folder

HOST = "127.0.0.1"
END_LIMIT_S = 1


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C is how the server ends, and no error."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True


def listen(port: int) -> socket.socket:
    """Raises UsageError when the port cannot be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"--port {port}: cannot be opened: {error}; take another, or leave it out") from error
    return listener


async def serve_until_stopped(out: Path, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Shows the runs below `out`; `on_ready` gets the address when pages can be asked for."""
    runs, viewer = Runs(out), viewer_folder()
    listeners, by_port, traces = [listener], {}, ""
    if viewer is not None:
        listeners.append(listen(0))
        traces = f"{_address(listeners[1])}open/"
        by_port[_port(listeners[1])] = make_trace_app(runs, viewer, HOSTS)
    by_port[_port(listener)] = make_app(runs, traces)

    async def by_its_port(scope: Scope, receive: Receive, send: Send) -> None:
        await by_port[scope["server"][1]](scope, receive, send)

    config = uvicorn.Config(
        by_its_port,
        lifespan="off",
        log_level=logging.CRITICAL,
        access_log=False,
        # Pages that listen for news are let go of then.
        timeout_graceful_shutdown=END_LIMIT_S,
    )
    await _Server(config, lambda: on_ready(_address(listener))).serve(listeners)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _address(listener: socket.socket) -> str:
    return f"http://{HOST}:{_port(listener)}/"

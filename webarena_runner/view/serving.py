"""Starts and ends the server."""

import logging
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from webarena_runner.loopback import HOST, LoopbackServer, listen
from webarena_runner.view.app import HOSTS, make_app
from webarena_runner.view.runs import Runs
from webarena_runner.view.traces import make_trace_app, viewer_folder

END_LIMIT_S = 1


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
    await LoopbackServer(config, lambda: on_ready(_address(listener))).serve(listeners)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _address(listener: socket.socket) -> str:
    return f"http://{HOST}:{_port(listener)}/"

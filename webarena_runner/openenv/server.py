"""The server: one Chromium and one process for the sites, a browser context for each client's episode."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from openenv.core.env_server.http_server import HTTPEnvServer
from openenv.core.env_server.types import ConcurrencyConfig

from webarena_runner.gym.setting import Setting
from webarena_runner.gym.view import View
from webarena_runner.loopback import LoopbackServer
from webarena_runner.openenv.models import WebArenaAction, WebArenaObservation, WebArenaState
from webarena_runner.openenv.sessions import Session, Shared
from webarena_runner.types import TaskId

NAME = "webarena"
END_LIMIT_S = 5
# Of a WebSocket message from a client, in bytes: an action has 100,000 characters at most.
MAX_MESSAGE = 1_000_000
NO_SESSION = (
    "an episode is one WebSocket connection to /ws, which OpenEnv's clients open: what POST /{0} makes belongs to no "
    "connection. Use openenv.GenericEnvClient(base_url=...), or WebArenaClient"
)


def make_app(shared: Shared, sessions: int) -> FastAPI:
    """`sessions` clients at once; the next one is told CAPACITY_REACHED."""
    app = FastAPI(title="WebArena as an OpenEnv environment")
    for path in ("reset", "step", "state", "mcp"):
        app.add_api_route(f"/{path}", _refusal(path), methods=["POST", "GET"], include_in_schema=False)
    server = HTTPEnvServer(
        lambda: Session(shared),
        WebArenaAction,
        WebArenaObservation,
        # A timeout would end sessions of clients that are connected too, while a trainer updates its weights.
        concurrency_config=ConcurrencyConfig(max_concurrent_envs=sessions, session_timeout=None),
        env_name=NAME,
        state_cls=WebArenaState,
    )
    # Of the modes this is the one without the routes that make an environment for each request; /ws is in both.
    server.register_routes(app, mode="production")
    return app


def _refusal(path: str) -> Callable[[], Any]:
    async def refuse() -> None:
        raise HTTPException(status_code=409, detail=NO_SESSION.format(path))

    return refuse


async def serve_until_stopped(
    setting: Setting,
    view: View,
    listener: socket.socket,
    *,
    task_set: str,
    task_ids: Sequence[TaskId],
    sessions: int,
    on_ready: Callable[[], None],
) -> None:
    """Starts browser and sites before it listens, since clients wait a minute for an answer.

    Raises:
        UsageError: browser or sites are not there.
    """
    async with setting.opened() as provider:
        shared = Shared(setting, view, provider, asyncio.get_running_loop(), task_set, task_ids)
        config = uvicorn.Config(
            make_app(shared, sessions),
            log_level=logging.CRITICAL,
            access_log=False,
            ws_max_size=MAX_MESSAGE,
            # A client whose model thinks in its event loop answers no pings; one that is gone closes its connection.
            ws_ping_interval=None,
            timeout_graceful_shutdown=END_LIMIT_S,
        )
        try:
            await LoopbackServer(config, on_ready).serve([listener])
        finally:
            for play in tuple(shared.plays):
                await play.leave()

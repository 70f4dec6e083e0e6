"""Serves tasks by CUBE's JSON-RPC: the benchmark at /, and below it an address for each session that is spawned.

CUBE's own server forks a process for each task, with a browser of its own. Here all sessions share one.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from webarena_runner.cube.sessions import Sessions
from webarena_runner.cube.tool import WebArenaToolConfig
from webarena_runner.errors import EpisodeError, RunnerError
from webarena_runner.loopback import HOST, LoopbackServer
from webarena_runner.types import Task

log = logging.getLogger(__name__)

END_LIMIT_S = 5
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, FAILED = -32700, -32600, -32601, -32602, -32603
# What a page in some browser cannot send without being asked whether it may.
JSON = "application/json"
Methods = Mapping[str, Callable[[Mapping[str, Any]], Any]]


def make_app(sessions: Sessions, address: str, threads: ThreadPoolExecutor) -> Starlette:
    """`address` is where clients find the server."""

    def spawn(params: Mapping[str, Any]) -> str:
        return f"{address}/tasks/{sessions.spawn(params)}"

    benchmark: Methods = {
        "cube/info": sessions.info,
        "cube/tasks": sessions.tasks,
        "cube/task_configs": sessions.task_configs,
        "cube/spawn": spawn,
        "cube/shutdown": sessions.close,
    }

    async def at_benchmark(request: Request) -> JSONResponse:
        return await _answer(request, lambda: benchmark, threads)

    async def at_task(request: Request) -> JSONResponse:
        return await _answer(request, lambda: sessions.methods(request.path_params["name"]), threads)

    return Starlette(
        routes=[Route("/", at_benchmark, methods=["POST"]), Route("/tasks/{name}", at_task, methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
    )


async def _answer(request: Request, methods: Callable[[], Methods], threads: ThreadPoolExecutor) -> JSONResponse:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        return _error(None, PARSE_ERROR, f"expected a request of content type {JSON}")
    try:
        asked = await request.json()
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, "the request is not JSON")
    if not isinstance(asked, dict) or asked.get("jsonrpc") != "2.0" or not isinstance(asked.get("method"), str):
        return _error(None, INVALID_REQUEST, "expected an object with jsonrpc (2.0), method, params and id")
    number, params = asked.get("id"), asked.get("params") or {}
    if not isinstance(params, dict):
        return _error(number, INVALID_PARAMS, "params: expected an object")
    try:
        known = methods()
        if asked["method"] not in known:
            return _error(number, METHOD_NOT_FOUND, f"no method {asked['method']!r:.60}; expected {', '.join(known)}")
        call = known[asked["method"]]
        result = await asyncio.get_running_loop().run_in_executor(threads, call, params)
    except RunnerError as error:
        more = {"data": {"error_class": error.error_class}} if isinstance(error, EpisodeError) else {}
        return _error(number, FAILED, str(error), **more)
    except Exception as error:
        log.exception("%s", asked["method"])
        return _error(number, FAILED, f"{type(error).__name__}: {error}")
    return JSONResponse({"jsonrpc": "2.0", "result": result, "id": number})


def _error(number: Any, code: int, message: str, **more: Any) -> JSONResponse:
    """With status 200, by which clients tell that the server is there."""
    return JSONResponse({"jsonrpc": "2.0", "error": {"code": code, "message": message, **more}, "id": number})


async def serve_until_stopped(
    config: WebArenaToolConfig,
    tasks: Sequence[Task],
    listener: socket.socket,
    *,
    sessions: int,
    on_ready: Callable[[], None],
) -> None:
    """Starts browser and sites before it listens, since CUBE's client waits 10 s for an answer.

    Raises:
        UsageError: browser or sites are not there.
    """
    opened = Sessions(config, tasks, limit=sessions)
    with ThreadPoolExecutor(sessions + 1, thread_name_prefix="webarena-cube") as threads:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(threads, opened.start)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        served = uvicorn.Config(
            make_app(opened, address, threads),
            log_level=logging.CRITICAL,
            access_log=False,
            timeout_graceful_shutdown=END_LIMIT_S,
        )
        try:
            await LoopbackServer(served, on_ready).serve([listener])
        finally:
            await asyncio.to_thread(opened.end)

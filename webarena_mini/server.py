"""The embedded sites as a process of their own, so that rendering pages never holds up the runner's event loop.

Protocol: the parent writes one line, a token, to our standard input; we answer one JSON line {"control": URL}; then
the parent asks for leases over HTTP with that token. When our standard input closes, the parent is gone and we stop.
"""

import asyncio
import gc
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from platformdirs import user_cache_path
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from webarena_mini.errors import MiniError
from webarena_mini.farm import HOST, Farm, FarmLease, SiteServer, config_of, listen
from webarena_mini.kit.tokens import same_secret

# Far longer than clients keep an idle connection (5 s is usual): where both ends let go of it at the same moment, the
# next request meets a connection that was just closed.
KEEP_ALIVE_S = 120
# Of Python's collector of cycles: modules and templates stay, and what a request makes is freed without it.
COLLECT_AFTER = (50_000, 20, 100)


@dataclass(frozen=True)
class Served:
    """One shared instance: URLs by site, and where a request with the token puts all of them back (`reset_app`)."""

    urls: Mapping[str, str]
    control_url: str


@asynccontextmanager
async def serve(sites: Sequence[str], *, port_base: int | None, token: str) -> AsyncIterator[Served]:
    """One shared instance, on `port_base`, `port_base + 1`, ... in the given order, the control after them; or on free
    ports.

    Raises:
        UnknownSite: there is no embedded site of a name.
        PortTaken: a port cannot be opened.
    """
    farm = Farm(snapshot_folder())
    ports = None if port_base is None else [port_base + offset for offset in range(len(sites))]
    try:
        lease = await farm.lease(sites, ports=ports)
        listener = listen(0 if port_base is None else port_base + len(sites))
        async with _serving(reset_app(farm, lease, token), listener) as url:
            yield Served(lease.urls, url)
    finally:
        await farm.close()


def reset_app(farm: Farm, lease: FarmLease, token: str) -> Starlette:
    """Resets by `POST /__reset__` with the token as bearer, and by the two GET requests that BrowserGym makes.

    These carry the token in their path, since BrowserGym knows no headers: `TOKEN/reset`, which is done when it
    answers, and `TOKEN/status`, whose text it waits for.
    """

    async def reset(request: Request) -> Response:
        given = request.path_params.get("token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not same_secret(given, token):
            return JSONResponse({"error": "wrong token"}, 401)
        clock = monotonic()
        await farm.reset(lease.lease_id)
        return JSONResponse({"reset": list(lease.urls), "ms": round(1000 * (monotonic() - clock), 1)})

    async def status(request: Request) -> Response:
        if not same_secret(request.path_params["token"], token):
            return JSONResponse({"error": "wrong token"}, 401)
        return PlainTextResponse("Ready for duty!")

    return Starlette(
        routes=[
            Route("/__reset__", reset, methods=["POST"]),
            Route("/{token}/reset", reset),
            Route("/{token}/status", status),
        ]
    )


def snapshot_folder() -> Path:
    return user_cache_path("webarena-runner") / "sites"


def control_app(farm: Farm, token: str) -> Starlette:
    """Lease and release over HTTP; every request must carry the token."""

    def allowed(request: Request) -> bool:
        return same_secret(request.headers.get("authorization", ""), f"Bearer {token}")

    async def lease(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"error": "wrong token"}, 401)
        try:
            wanted = await request.json()
            leased = await farm.lease(wanted["sites"], wanted["login_sites"])
        except ClientDisconnect:
            # The run was interrupted while it asked.
            return Response(status_code=400)
        except MiniError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"id": leased.lease_id, "urls": leased.urls, "storage_state": leased.storage_state})

    async def release(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"error": "wrong token"}, 401)
        farm.release(request.path_params["lease_id"])
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/leases", lease, methods=["POST"]),
            Route("/leases/{lease_id:int}", release, methods=["DELETE"]),
        ]
    )


async def run_child() -> None:
    loop = asyncio.get_running_loop()
    parent = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    token = (await parent.readline()).decode().strip()
    if not token:
        return
    farm = Farm(snapshot_folder())
    async with _serving(control_app(farm, token), listen(0)) as url:
        sys.stdout.write(json.dumps({"control": url}) + "\n")
        sys.stdout.flush()
        await parent.read()
        # Servers look whether they are to end ten times a second: all at once, not one kind after the other.
        closing = asyncio.create_task(farm.close())
    await closing


@asynccontextmanager
async def _serving(app: Starlette, listener: socket.socket) -> AsyncIterator[str]:
    server = SiteServer(config_of(app, timeout_keep_alive=KEEP_ALIVE_S))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await running


def main() -> None:
    gc.set_threshold(*COLLECT_AFTER)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Ctrl-C reaches the whole process group; the parent decides when we stop, by closing our standard input.
    with suppress(KeyboardInterrupt):
        asyncio.run(run_child())


if __name__ == "__main__":
    main()

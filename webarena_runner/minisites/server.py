"""The embedded sites as a process of their own, so that rendering pages never holds up the runner's event loop.

Protocol: the parent writes one line, a token, to our standard input; we answer one JSON line {"control": URL}; then
the parent asks for leases over HTTP with that token. When our standard input closes, the parent is gone and we stop.
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webarena_runner.errors import ConfigError
from webarena_runner.minisites._kit import same_secret
from webarena_runner.minisites.catalog import MODULES
from webarena_runner.minisites.farm import HOST, Farm, SiteServer, listen


@asynccontextmanager
async def serve(sites: Sequence[str], *, port_base: int | None) -> AsyncIterator[Mapping[str, str]]:
    """One shared instance of the sites, on `port_base`, `port_base + 1`, ... in the given order, or on free ports."""
    farm = Farm()
    ports = None if port_base is None else [port_base + offset for offset in range(len(sites))]
    try:
        lease = await farm.lease(list(sites) or list(MODULES), ports=ports)
        yield lease.urls
    finally:
        await farm.close()


def control_app(farm: Farm, token: str) -> Starlette:
    """Lease and release over HTTP; every request must carry the token."""

    def allowed(request: Request) -> bool:
        return same_secret(request.headers.get("authorization", ""), f"Bearer {token}")

    async def lease(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"error": "wrong token"}, 401)
        wanted = await request.json()
        try:
            leased = await farm.lease(wanted["sites"], wanted["login_sites"])
        except ConfigError as error:
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
    farm = Farm()
    listener = listen(0)
    config = uvicorn.Config(
        control_app(farm, token), http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = SiteServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    sys.stdout.write(json.dumps({"control": f"http://{HOST}:{listener.getsockname()[1]}"}) + "\n")
    sys.stdout.flush()
    await parent.read()
    server.should_exit = server.force_exit = True
    await serving
    await farm.close()


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Ctrl-C reaches the whole process group; the parent decides when we stop, by closing our standard input.
    with suppress(KeyboardInterrupt):
        asyncio.run(run_child())


if __name__ == "__main__":
    main()

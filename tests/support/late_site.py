"""A loopback server for pages that change late: each answer says in its address how long it is held back."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def _text(request: Request) -> Response:
    """GET /after/MS?say=TEXT&type=MEDIA_TYPE"""
    await asyncio.sleep(request.path_params["ms"] / 1000)
    return Response(
        request.query_params.get("say", "ok"),
        media_type=request.query_params.get("type", "text/plain"),
        headers={"Cache-Control": "no-store"},
    )


async def _image(request: Request) -> Response:
    """GET /image/MS/HEIGHT"""
    await asyncio.sleep(request.path_params["ms"] / 1000)
    height = request.path_params["height"]
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='300' height='{height}'><rect width='9' height='9'/></svg>"
    )
    return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _pauses_s(at: str) -> list[float]:
    moments = [0, *map(int, at.split(","))]
    return [(later - earlier) / 1000 for earlier, later in zip(moments, moments[1:], strict=False)]


class _Pushes:
    """Server-sent events and websockets that speak at the moments that were asked for."""

    def __init__(self) -> None:
        self._told: defaultdict[str, asyncio.Queue[str]] = defaultdict(asyncio.Queue)

    async def tell(self, request: Request) -> Response:
        """GET /tell/WHO?at=MS,MS: the stream of that name speaks then."""
        self._told[request.path_params["who"]].put_nowait(request.query_params["at"])
        return Response("told")

    async def events(self, request: Request) -> Response:
        """GET /events/WHO?at=MS,MS: speaks then; without `at`, when told."""

        async def spoken() -> AsyncIterator[str]:
            yield ": open\n\n"
            at = request.query_params.get("at")
            while True:
                for pause_s in _pauses_s(at or await self._told[request.path_params["who"]].get()):
                    await asyncio.sleep(pause_s)
                    yield "data: news\n\n"
                if at:
                    await asyncio.Event().wait()

        return StreamingResponse(spoken(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def socket(self, connection: WebSocket) -> None:
        """Answers each text `MS,MS` at those moments."""
        await connection.accept()
        try:
            while True:
                for pause_s in _pauses_s(await connection.receive_text()):
                    await asyncio.sleep(pause_s)
                    await connection.send_text("news")
        except WebSocketDisconnect:
            return


@contextmanager
def serve_late(pages: Mapping[str, str]) -> Iterator[str]:
    """Origin of a server of these pages, HTML by path (`/after/MS/PATH` holds one back), and of the late answers."""
    pushes = _Pushes()

    async def page(request: Request) -> Response:
        await asyncio.sleep(request.path_params.get("ms", 0) / 1000)
        html = pages.get("/" + request.path_params["path"])
        return HTMLResponse(html or "not here", status_code=200 if html else 404)

    app = Starlette(
        routes=[
            Route("/after/{ms:int}", _text, methods=["GET", "POST"]),
            Route("/after/{ms:int}/{path:path}", page),
            Route("/image/{ms:int}/{height:int}", _image),
            Route("/events/{who}", pushes.events),
            Route("/tell/{who}", pushes.tell),
            WebSocketRoute("/socket", pushes.socket),
            Route("/{path:path}", page),
        ]
    )
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup()
            started.set()

    server = Server(
        uvicorn.Config(
            app, port=0, log_level="critical", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=0
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

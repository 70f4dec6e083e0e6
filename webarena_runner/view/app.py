"""The pages that the server has: all are read from disk when they are asked for, and none changes anything."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from webarena_runner.errors import StoreError
from webarena_runner.report.html import links
from webarena_runner.report.html.pages import Pages
from webarena_runner.report.html.templates import Frame, asset_text, render
from webarena_runner.view.events import states
from webarena_runner.view.live import LiveRun
from webarena_runner.view.runs import Runs

log = logging.getLogger(__name__)
# Pages of other sites reach a server on this machine by a name of theirs that leads to it.
HOSTS = ("127.0.0.1", "localhost")
HOME = "../../"
LIVE_PAGE, LIVE_SCRIPT, STYLES = "live.html", "live.js", ("server.css",)
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True)
class Viewer:
    """Answers of each kind of page; `traces` is the address of those who show traces, "" for nobody."""

    runs: Runs
    traces: str

    async def index(self, request: Request) -> Response:
        listed = await run_in_threadpool(self.runs.listed)
        return _page(render("runs.html", Frame(styles=STYLES), runs=listed, out=str(self.runs.out)))

    async def overview(self, request: Request) -> Response:
        return _page(await self._rendered(request, Pages.overview))

    async def episode(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _page(await self._rendered(request, lambda pages: pages.named(name)))

    async def picture(self, request: Request) -> Response:
        found = await self._rendered(
            request, lambda pages: pages.picture(request.path_params["name"], request.path_params["file"])
        )
        if self.runs.out not in found.file.resolve().parents:
            raise HTTPException(404, "it leads out of the folder that is shown")
        return FileResponse(found.file, media_type=found.media_type, headers=HEADERS)

    async def live(self, request: Request) -> Response:
        folder = self._folder(request)
        frame = Frame(home=HOME, live=True, scripts=(LIVE_SCRIPT,), styles=STYLES)

        def rendered() -> str:
            live = LiveRun.open(folder)
            return render("live.html", frame, manifest=live.manifest, run_id=folder.name, state=live.state())

        return _page(await run_in_threadpool(rendered))

    async def events(self, request: Request) -> Response:
        return EventSourceResponse(self._messages(self._folder(request)), headers=HEADERS)

    async def _messages(self, folder: Path) -> AsyncIterator[dict[str, str]]:
        async for state in states(folder):
            yield {"data": state}

    async def asset(self, request: Request) -> Response:
        name = request.path_params["file"]
        try:
            text = asset_text(name)
        except KeyError as error:
            raise HTTPException(404, str(error)) from error
        return Response(text, media_type=MEDIA_TYPES[Path(name).suffix], headers=HEADERS)

    async def _rendered(self, request: Request, render_page: Callable[[Pages], Any]) -> Any:
        name = self._folder(request).name
        frame = Frame(home=HOME, traces=self.traces and f"{self.traces}{quote(name)}/")
        try:
            return await run_in_threadpool(lambda: render_page(Pages(self.runs.report(name), frame)))
        except KeyError as error:
            raise HTTPException(404, f"the run has no {error}") from error

    def _folder(self, request: Request) -> Path:
        try:
            return self.runs.folder(request.path_params["run"])
        except KeyError as error:
            raise HTTPException(404, f"there is no run {error}") from error


def _page(html: str) -> Response:
    return HTMLResponse(html, headers=HEADERS)


async def _to_overview(request: Request) -> Response:
    return RedirectResponse(f"/runs/{quote(request.path_params['run'], safe='')}/{links.OVERVIEW}")


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = error.detail if isinstance(error, HTTPException) else str(error)
    page = render("refused.html", Frame(root="/"), status=status, message=message)
    return HTMLResponse(page, status, headers=HEADERS)


async def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours is told where the server was started, and to whoever looks at the page."""
    log.error("%s: %s: %s", request.url.path, type(error).__name__, error, exc_info=error)
    told = "This page cannot be made, by a fault of webarena-runner; the terminal that runs wa-run view says which"
    return HTMLResponse(render("refused.html", Frame(root="/"), status=500, message=told), 500, headers=HEADERS)


def make_app(runs: Runs, traces: str = "") -> Starlette:
    """Answers only requests that name this machine as their host."""
    viewer = Viewer(runs, traces)
    routes = [
        Route("/", viewer.index),
        Route("/static/{file}", viewer.asset),
        Route("/runs/{run}", _to_overview),
        Route("/runs/{run}/", _to_overview),
        Route(f"/runs/{{run}}/{links.OVERVIEW}", viewer.overview),
        Route(f"/runs/{{run}}/{LIVE_PAGE}", viewer.live),
        Route("/runs/{run}/events", viewer.events),
        Route(f"/runs/{{run}}/{links.STATIC}/{{file}}", viewer.asset),
        Route(f"/runs/{{run}}/{links.TASKS}/{{name}}.html", viewer.episode),
        Route(f"/runs/{{run}}/{links.PICTURES}/{{name}}/{{file}}", viewer.picture),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        exception_handlers={HTTPException: _refused, StoreError: _refused, Exception: _broken},
    )

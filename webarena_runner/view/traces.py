"""Playwright's trace viewer, on a port of its own: it draws pages that nobody trusts, away from our pages' origin."""

from pathlib import Path

import playwright
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from webarena_runner.log.files import is_file
from webarena_runner.log.paths import RunPaths
from webarena_runner.view.runs import Runs

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def viewer_folder() -> Path | None:
    """Of the installed Playwright; None where its package has no viewer at the place that we know."""
    folder = Path(playwright.__file__).parent / "driver/package/lib/vite/traceViewer"
    return folder if is_file(folder / "index.html") else None


def make_trace_app(runs: Runs, viewer: Path, hosts: tuple[str, ...]) -> Starlette:
    """`/open/RUN/NAME` shows the trace of the attempt `NAME` (`7.0`)."""

    async def opened(request: Request) -> Response:
        run, name = request.path_params["run"], request.path_params["name"]
        _trace(runs, run, name)
        address = request.url_for("trace", run=run, name=name)
        return RedirectResponse(request.url_for("viewer", path="/index.html").include_query_params(trace=address.path))

    async def trace(request: Request) -> Response:
        found = _trace(runs, request.path_params["run"], request.path_params["name"])
        return FileResponse(found, media_type="application/zip", headers=HEADERS)

    routes = [
        Route("/open/{run}/{name}", opened),
        Route("/traces/{run}/{name}.zip", trace, name="trace"),
        Mount("/viewer", StaticFiles(directory=viewer), name="viewer"),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])


def _trace(runs: Runs, run: str, name: str) -> Path:
    try:
        attempt = RunPaths(runs.folder(run)).attempt(name)
    except KeyError:
        attempt = None
    if attempt is None or not is_file(attempt.trace) or runs.out not in attempt.trace.resolve().parents:
        raise HTTPException(404, f"the run {run} has no trace of {name}")
    return attempt.trace

"""The style sheet and the one script, under URLs that change with their content."""

import hashlib
from functools import cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_runner.minisites._kit import HERE

_TYPES = {"wiki.css": "text/css", "suggest.js": "text/javascript"}


@cache
def _body(name: str) -> str:
    return (HERE / "templates" / "wiki" / name).read_text("utf-8")


@cache
def asset_path(name: str) -> str:
    return f"/skin/{hashlib.sha256(_body(name).encode()).hexdigest()[:12]}/{name}"


async def file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    headers = {"cache-control": "max-age=31536000, immutable"}
    return Response(_body(name), media_type=_TYPES[name], headers=headers)


async def nothing(request: Request) -> Response:
    return Response(status_code=204)

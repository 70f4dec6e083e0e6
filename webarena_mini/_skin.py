"""Style sheets and scripts among a site's templates, and the answers that all sites give alike."""

import hashlib
from functools import cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini._kit import HERE
from webarena_mini._media import MEDIA_TYPES

_DETAILS = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}


class Skin:
    """The files `names` of a site's templates, served below `prefix` under URLs that change with their content."""

    def __init__(self, site: str, *names: str, prefix: str = "/assets") -> None:
        self._folder = HERE / "templates" / site
        self._names = names
        self.prefix = prefix
        self._body = cache(self._read)

    @property
    def route(self) -> str:
        return f"{self.prefix}/{{version}}/{{name}}"

    def path(self, name: str) -> str:
        return f"{self.prefix}/{hashlib.sha256(self._body(name).encode()).hexdigest()[:12]}/{name}"

    async def serve(self, request: Request) -> Response:
        """Raises HTTPException(404) for other names."""
        name = request.path_params["name"]
        if name not in self._names:
            raise HTTPException(404)
        headers = {"cache-control": "max-age=31536000, immutable"}
        return Response(self._body(name), media_type=MEDIA_TYPES[f".{name.rpartition('.')[2]}"], headers=headers)

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text("utf-8")


async def nothing(request: Request) -> Response:
    """For the icon that browsers ask for."""
    return Response(status_code=204)


def read_http_error(error: Exception) -> tuple[int, str]:
    """Status and what to tell the visitor; any other error is raised on."""
    if not isinstance(error, HTTPException):
        raise error
    standard = error.detail in ("Not Found", "Method Not Allowed")
    return error.status_code, _DETAILS.get(error.status_code, "") if standard else error.detail

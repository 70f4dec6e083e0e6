"""Style sheets, scripts and pictures of a site: types, caching, colours."""

import colorsys
import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


class Skin:
    """Files of a site's `static/`, served below `prefix` under URLs that change with their content."""

    def __init__(self, folder: Path, *names: str, prefix: str = "/assets") -> None:
        self._folder = folder / "static"
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


MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEEP = {"cache-control": "public, max-age=86400, immutable"}


def tone(hex_colour: str, *, lightness: float, saturation: float = 1.0) -> str:
    """A colour moved towards white (lightness > 1) or black (lightness < 1)."""
    red, green, blue = (int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, sat = colorsys.rgb_to_hls(red, green, blue)
    light = light * lightness if lightness <= 1 else 1 - (1 - light) / lightness
    parts = colorsys.hls_to_rgb(hue, light, min(1.0, sat * saturation))
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def static_files(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    """A handler of the path parameter `name`, for the files of a folder."""

    @cache
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in MEDIA_TYPES}

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        body = files().get(name)
        if body is None:
            return Response("No such file.", status_code=404, media_type="text/plain")
        return Response(body, media_type=MEDIA_TYPES[Path(name).suffix], headers=KEEP)

    return serve

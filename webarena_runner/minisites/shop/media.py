"""Product drawings and the style sheet."""

import colorsys
import functools
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import Response

from webarena_runner.minisites._kit import HERE
from webarena_runner.minisites.shop.content import pictures

STATIC = HERE / "static_" / "shop"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEEP = {"cache-control": "public, max-age=86400, immutable"}


def tone(hex_colour: str, *, lightness: float, saturation: float = 1.0) -> str:
    """A colour moved towards white (lightness > 1) or black (lightness < 1)."""
    red, green, blue = (int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, sat = colorsys.rgb_to_hls(red, green, blue)
    light = light * lightness if lightness <= 1 else 1 - (1 - light) / lightness
    parts = colorsys.hls_to_rgb(hue, light, min(1.0, sat * saturation))
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


@functools.lru_cache(maxsize=1024)
def drawing(shape: str, colour: str, tint: str) -> bytes:
    main = pictures()["tones"][colour]
    tones = {"a": main, "b": tone(main, lightness=0.72), "c": tone(main, lightness=1.7)}
    body = Template(pictures()["shapes"][shape]).substitute(tones)
    ground = tone(tint, lightness=9, saturation=0.8)
    shade = tone(tint, lightness=4.2, saturation=0.7)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="480" height="480">'
        f'<rect width="200" height="200" fill="{ground}"/>'
        f'<circle cx="100" cy="96" r="82" fill="{shade}" opacity=".32"/>'
        f'<ellipse cx="100" cy="176" rx="66" ry="7" fill="#000" opacity=".08"/>{body}</svg>'
    ).encode()


async def product_image(request: Request) -> Response:
    row = request.app.state.shop.database.one(
        "select p.picture, p.colour, c.tint from product p join category c on c.id = p.shelf where p.slug = ?",
        request.path_params["slug"],
    )
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    body = drawing(row["picture"], row["colour"], row["tint"])
    return Response(body, media_type=MEDIA_TYPES[".svg"], headers=KEEP)


@functools.cache
def _static_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}


async def static_file(request: Request) -> Response:
    name = request.path_params["name"]
    body = _static_files().get(name)
    if body is None:
        return Response("No such file.", status_code=404, media_type="text/plain")
    return Response(body, media_type=MEDIA_TYPES[Path(name).suffix], headers=KEEP)

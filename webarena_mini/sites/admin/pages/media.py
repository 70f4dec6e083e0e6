"""Drawings of the products, style sheets and the script."""

import functools

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.goods import picture
from webarena_mini.kit.media import KEEP, MEDIA_TYPES, static_files
from webarena_mini.kit.site import database_of
from webarena_mini.sites.admin import FOLDER
from webarena_mini.sites.admin.domain.content import pictures


@functools.lru_cache(maxsize=512)
def drawing(kind: str, colour: str) -> bytes:
    main = pictures()["tones"].get(colour, "#8f969f")
    return picture(pictures()["shapes"][kind], main, main)


async def product_image(request: Request) -> Response:
    slug = request.path_params["slug"]
    row = database_of(request).one("select picture, tone from product where slug = ?", slug)
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    return Response(drawing(row["picture"], row["tone"]), media_type=MEDIA_TYPES[".svg"], headers=KEEP)


static_file = static_files(FOLDER / "static")

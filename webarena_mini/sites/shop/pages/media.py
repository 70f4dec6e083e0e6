"""Pictures of the products and the style sheet."""

import functools

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.goods import Label, picture
from webarena_mini.kit.media import KEEP, MEDIA_TYPES, static_files
from webarena_mini.kit.site import database_of
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.domain.content import pictures


@functools.lru_cache(maxsize=1024)
def drawing(shape: str, colour: str, tint: str, brand: str, kind: str) -> bytes:
    box = pictures()["labels"].get(shape)
    label = Label(box, brand, kind) if box else None
    return picture(pictures()["shapes"][shape], pictures()["tones"][colour], tint, label)


async def product_image(request: Request) -> Response:
    row = database_of(request).one(
        "select p.picture, p.colour, c.tint, p.brand, p.kind from product p join category c on c.id = p.shelf"
        " where p.slug = ?",
        request.path_params["slug"],
    )
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    return Response(drawing(*row), media_type=MEDIA_TYPES[".svg"], headers=KEEP)


static_file = static_files(FOLDER / "static")

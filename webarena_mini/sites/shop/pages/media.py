"""Pictures of the products and the style sheet."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.kept import kept_picture
from webarena_mini.kit.media import KEEP, static_files
from webarena_mini.kit.site import database_of
from webarena_mini.sites.shop import FOLDER


async def product_image(request: Request) -> Response:
    row = database_of(request).one(
        "select p.picture, p.colour, c.tint, p.brand, p.kind from product p join category c on c.id = p.shelf"
        " where p.slug = ?",
        request.path_params["slug"],
    )
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    return Response(await kept_picture(_photo, *row), media_type="image/jpeg", headers=KEEP)


def _photo(*of: str) -> bytes:
    # Pillow is for pictures that are not kept yet.
    from webarena_mini.sites.shop.domain.photos import photo

    return photo(*of)


static_file = static_files(FOLDER / "static")

"""Pictures of what is offered."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.kept import kept_still
from webarena_mini.kit.media import KEEP
from webarena_mini.kit.site import database_of


async def ware(request: Request) -> Response:
    row = database_of(request).one("select * from items where id = ?", request.path_params["item_id"])
    if row is None or not row["shape"]:
        raise HTTPException(404)
    picture = await kept_still(row["shape"], row["tone"], row["pieces"], row["label"], row["id"])
    return Response(picture, media_type="image/png", headers=KEEP)


async def uploaded(request: Request) -> Response:
    row = database_of(request).one("select * from images where id = ?", request.path_params["image_id"])
    if row is None:
        raise HTTPException(404)
    return Response(row["data"], media_type=row["content_type"], headers=KEEP)

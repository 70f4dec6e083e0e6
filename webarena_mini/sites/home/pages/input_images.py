"""Pictures that belong to tasks, where the official home page has them."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.kept import kept_still
from webarena_mini.kit.media import KEEP
from webarena_mini.sites.home.domain.input_images import input_images


async def input_image(request: Request) -> Response:
    still = input_images().get(request.path_params["name"])
    if still is None:
        raise HTTPException(404)
    return Response(await kept_still(*still), media_type="image/png", headers=KEEP)

"""Product drawings and the style sheet."""

import functools
from string import Template

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.media import KEEP, MEDIA_TYPES, static_files, tone
from webarena_mini.kit.site import database_of
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.domain.content import pictures


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
    row = database_of(request).one(
        "select p.picture, p.colour, c.tint from product p join category c on c.id = p.shelf where p.slug = ?",
        request.path_params["slug"],
    )
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    body = drawing(row["picture"], row["colour"], row["tint"])
    return Response(body, media_type=MEDIA_TYPES[".svg"], headers=KEEP)


static_file = static_files(FOLDER / "static")

"""Drawings of the products, style sheets and the script."""

import functools
from string import Template

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.media import KEEP, MEDIA_TYPES, static_files, tone
from webarena_mini.kit.site import database_of
from webarena_mini.sites.admin import FOLDER
from webarena_mini.sites.admin.domain.content import pictures


@functools.lru_cache(maxsize=512)
def drawing(kind: str, colour: str) -> bytes:
    main = pictures()["tones"].get(colour, "#8f969f")
    tones = {"a": main, "b": tone(main, lightness=0.72), "c": tone(main, lightness=1.7)}
    body = Template(pictures()["shapes"][kind]).substitute(tones)
    ground, glow = tone(main, lightness=9, saturation=0.5), tone(main, lightness=5, saturation=0.5)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="480" height="480">'
        f'<rect width="200" height="200" fill="{ground}"/><path d="M0 150Q100 110 200 150V200H0z" fill="{glow}"/>'
        f'<ellipse cx="100" cy="178" rx="62" ry="6" fill="#000" opacity=".08"/>{body}</svg>'
    ).encode()


async def product_image(request: Request) -> Response:
    slug = request.path_params["slug"]
    row = database_of(request).one("select picture, tone from product where slug = ?", slug)
    if row is None:
        return Response("No such image.", status_code=404, media_type="text/plain")
    return Response(drawing(row["picture"], row["tone"]), media_type=MEDIA_TYPES[".svg"], headers=KEEP)


static_file = static_files(FOLDER / "static")

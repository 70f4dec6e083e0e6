"""The page that puts the site back to its first state, for who has the token."""

import os

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from webarena_mini.kit.forms import read_form
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import same_secret

# Published with the official site, so it is no secret; the variable is the official one too.
PUBLISHED_TOKEN = "4b61655535e7ed388f0d40a93600254c"  # noqa: S105
TOKEN_VARIABLE = "CLASSIFIEDS_RESET_TOKEN"  # noqa: S105


async def reset(request: Request) -> Response:
    form = await read_form(request)
    expected = os.environ.get(TOKEN_VARIABLE) or PUBLISHED_TOKEN
    if not same_secret(form["token"], expected):
        return PlainTextResponse("The token is wrong.", status_code=403)
    database_of(request).reset()
    return PlainTextResponse("The site is as it was at first.")

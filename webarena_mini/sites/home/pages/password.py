"""Makes up passwords."""

import secrets
import string

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.sites.home.pages.frame import render

_SHORTEST, _USUAL, _LONGEST = 6, 16, 64
_SYMBOLS = "!#$%&*+-=?@_"


async def password(request: Request) -> Response:
    asked = request.query_params
    wanted = asked.get("length", "")
    length = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else _USUAL
    length = min(max(length, _SHORTEST), _LONGEST)
    digits, symbols = (name in asked or not wanted for name in ("digits", "symbols"))
    letters = string.ascii_letters + (string.digits if digits else "") + (_SYMBOLS if symbols else "")
    made = "".join(secrets.choice(letters) for _ in range(length)) if wanted else ""
    values = {"length": length, "digits": digits, "symbols": symbols, "shortest": _SHORTEST, "longest": _LONGEST}
    return render(request, "password.html", made=made, **values)

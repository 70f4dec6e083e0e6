"""The calculator."""

import tomllib
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.sites.home import FOLDER
from webarena_mini.sites.home.domain.arithmetic import CONSTANTS, FUNCTIONS, BadExpressionError, calculate
from webarena_mini.sites.home.pages.frame import render


async def calculator(request: Request) -> Response:
    expression = request.query_params.get("expression", "").strip()
    result, error = "", ""
    if expression:
        try:
            result = calculate(expression)
        except BadExpressionError as reason:
            error = str(reason)
    help_rows = [(f"{name}(x)", text) for name, (text, _) in FUNCTIONS.items()]
    help_rows += [(name, f"{value:.6f}…") for name, value in CONSTANTS.items()]
    shown: dict[str, Any] = {"expression": expression, "result": result, "error": error}
    return render(request, "calculator.html", **shown, help_rows=help_rows, **_extras())


@cache
def _extras() -> dict[str, Any]:
    """Keys and measures."""
    return tomllib.loads((FOLDER / "data" / "calculator.toml").read_text("utf-8"))

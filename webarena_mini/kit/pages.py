"""Renders the templates of a site."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

HERE = Path(__file__).parents[1]


class Pages:
    """Renders the templates of one site, autoescaped."""

    def __init__(self, site: str, filters: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(HERE / "templates" / site)),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})

    def render(self, request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
        html = self._environment.get_template(template).render(request=request, **values)
        return HTMLResponse(html, status_code=status_code)

"""Renders the templates of a site."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response


class Pages:
    """Renders the templates of one site, which lie in `templates/` of its folder, autoescaped."""

    def __init__(self, folder: Path, filters: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})

    def render(self, request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
        html = self._environment.get_template(template).render(request=request, **values)
        return HTMLResponse(html, status_code=status_code)

"""Renders the templates of a site."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from platformdirs import user_cache_path
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response


class _CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Kept from one process to the next: compiling them takes a fifth of what a short run takes of this one.

    Each is kept by its path and the checksum of its source.
    """

    def dump_bytecode(self, bucket: Bucket) -> None:
        # Where nothing can be kept, each process compiles its own.
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


class Pages:
    """Renders the templates of one site, which lie in `templates/` of its folder, autoescaped."""

    def __init__(self, folder: Path, filters: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            bytecode_cache=_CompiledTemplates(str(user_cache_path("webarena-runner") / "templates")),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})

    def render(self, request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
        html = self._environment.get_template(template).render(request=request, **values)
        return HTMLResponse(html, status_code=status_code)

"""Style sheet and script, under URLs that change with their content."""

import hashlib
from functools import cache

from webarena_runner.minisites._kit import HERE

TYPES = {"map.css": "text/css", "map.js": "text/javascript"}


@cache
def asset(name: str) -> str:
    return (HERE / "templates" / "map" / name).read_text("utf-8")


@cache
def asset_path(name: str) -> str:
    return f"/assets/{hashlib.sha256(asset(name).encode()).hexdigest()[:12]}/{name}"

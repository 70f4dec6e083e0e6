"""The style sheet, under a URL that changes with its content."""

import hashlib
from functools import cache

from webarena_runner.minisites._kit import HERE


@cache
def stylesheet() -> str:
    return (HERE / "templates" / "codehost" / "codehost.css").read_text("utf-8")


@cache
def stylesheet_path() -> str:
    return f"/assets/{hashlib.sha256(stylesheet().encode()).hexdigest()[:12]}/codehost.css"

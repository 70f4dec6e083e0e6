"""`wa-run evaluator`: get the evaluator of WebArena-Verified, which is a package of its own."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The evaluator of WebArena-Verified, in an environment of its own.")


@app.callback()
def _group() -> None:
    """The evaluator of WebArena-Verified, in an environment of its own."""


@app.command()
def install(
    python: Annotated[
        Path | None,
        typer.Option("--python", metavar="PATH", help="Take this Python, which has the package, from now on."),
    ] = None,
) -> None:
    """Get webarena-verified, whose evaluator scores its tasks, unless it is there; a run does that by itself too.

    Its dependencies are pinned to the last digit, so that it has an environment in the cache folder, made by uv or pip.
    """
    from webarena_runner.cli.console import stderr, stdout
    from webarena_runner.verified.package import REQUIREMENT
    from webarena_runner.verified.package import install as install_package

    console = stderr()
    found = install_package(lambda text: console.print(text, markup=False, soft_wrap=True), ready=python)
    stdout().print(f"{found} ({REQUIREMENT})", markup=False, soft_wrap=True)

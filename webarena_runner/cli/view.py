"""`wa-run view`: the runs of a folder as pages, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from webarena_runner.cli.runs import Out

DEFAULT_PORT = 7717


def view(
    out: Out = Path("results"),
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help=f"Port on 127.0.0.1; 0 takes a free one. [dim]Default: {DEFAULT_PORT}, or "
            "a free one where that is taken[/dim]",
        ),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the list of runs in a browser.")] = False,
) -> None:
    """Show the runs under --out as pages until Ctrl-C: a list, each run's report, and a run in progress as it goes on.

    Only programs on this machine reach the pages, and nothing on disk is changed.
    """
    import asyncio

    from webarena_runner.cli.console import stderr
    from webarena_runner.errors import UsageError
    from webarena_runner.log.paths import is_run
    from webarena_runner.loopback import listen
    from webarena_runner.view.serving import serve_until_stopped

    if not out.is_dir():
        raise UsageError(f"--out {out}: is no folder; give the one that run folders are in")
    if is_run(out):
        raise UsageError(f"--out {out}: is a run itself; give the folder that it is in: --out {out.resolve().parent}")
    try:
        listener = listen(DEFAULT_PORT if port is None else port)
    except UsageError:
        if port is not None:
            raise
        listener = listen(0)

    def ready(url: str) -> None:
        typer.echo(url)
        stderr().print(f"showing the runs in {out} until Ctrl-C", markup=False)
        if open_it:
            typer.launch(url)

    asyncio.run(serve_until_stopped(out, listener, ready))

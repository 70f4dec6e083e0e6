"""Asking before what cannot be undone."""

import sys

import typer

from webarena_runner.errors import UsageError


def require_consent(what: str, *, yes: bool, instead: str = "") -> None:
    """Goes on when `yes` was given, or somebody at the terminal says so; else ends the command with exit code 1.

    Raises:
        UsageError: nobody can be asked; `instead` is another way out than --yes.
    """
    from rich.prompt import Confirm

    from webarena_runner.cli.console import stderr

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}. Nobody can be asked here, since standard input is no terminal; pass --yes{instead}")
    console = stderr()
    console.print(what, markup=False)
    try:
        agreed = Confirm.ask("go on?", console=console, default=False)
    except EOFError:
        agreed = False
    if not agreed:
        console.print("nothing was done")
        raise typer.Exit(1)

"""Asking before what cannot be undone."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from webarena_runner.running.run import Prepared


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


def require_consent_to_resets(prepared: "Sequence[Prepared]", environ: Mapping[str, str], *, yes: bool) -> None:
    """Before runs that reset shared sites, as `require_consent`; a run that goes on and does not reset them says so.

    Raises:
        ConfigError: a reset is wanted that the sites do not have.
    """
    from webarena_runner.cli.console import stderr
    from webarena_runner.running.resets import is_over, resets_of

    planned = {str(reset): reset for each in prepared for reset in resets_of(each, environ)}
    if any(
        each.todo and each.resumed and not each.reset_at_start and is_over(each.config, environ) for each in prepared
    ):
        stderr().print(
            "sites are not reset before a run goes on: what its finished tasks did is in them, as in a run without a "
            "pause; --reset before-run undoes it",
            soft_wrap=True,
        )
    if planned:
        resumed = any(each.resumed for each in prepared)
        lost = "what finished tasks did to them is undone" if resumed else "what was done to them is lost"
        require_consent(f"this run resets {'; '.join(planned)}: {lost}", yes=yes, instead=" or --reset never")

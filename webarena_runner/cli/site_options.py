"""Options about shared sites, of the bare form and of other commands."""

from typing import Annotated

import typer

from webarena_runner.cli.options import SITES, Sets

CheckedSites = Annotated[
    str | None,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="Provider or sites file to check. [dim]Default: static, URLs from the environment[/dim]",
    ),
]
ResetSites = Annotated[
    str | None,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="Sites file with their `reset:`, or docker. [dim]Default: static, URLs from the environment[/dim]",
    ),
]
Reset = Annotated[
    str | None,
    Sets("reset"),
    typer.Option(
        "--reset",
        metavar="WHEN",
        help="When shared sites whose file says how are reset: [b]never[/b], [b]before-run[/b], [b]per-task[/b], "
        "[b]after-write[/b] or [b]every:N[/b] tasks. [dim]Default: as the file says, else before-run[/dim]",
        rich_help_panel=SITES,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sites are reset.", rich_help_panel=SITES)]

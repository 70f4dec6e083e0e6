"""`wa-run doctor`: the command; the checks themselves are in `_checks`."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from webarena_runner.cli.options import CheckedSites


def doctor(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders would go.")] = Path("results"),
    sites: CheckedSites = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as one JSON object, for programs.")] = False,
) -> None:
    """Check what a run needs, and say what to do about what is missing. Exit code 1 when something essential is."""
    import asyncio

    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.checks import Level, all_checks
    from webarena_runner.cli.console import echo_json, stdout

    checks = asyncio.run(all_checks(out=out, sites=sites, environ=os.environ))
    failed = any(check.level is Level.FAIL for check in checks)
    if as_json:
        echo_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
        raise typer.Exit(int(failed))
    table = Table("", "check", "found", "what to do", box=None, pad_edge=False)
    colours = {Level.OK: "green", Level.WARNING: "yellow", Level.FAIL: "red"}
    for check in checks:
        table.add_row(Text(check.level, style=colours[check.level]), check.name, check.found, check.todo)
    stdout().print(table, markup=False)
    raise typer.Exit(int(failed))

"""Going on with a run: all that is left of it, or episodes that ended in some kinds of errors."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from webarena_runner.cli.consent import require_consent_to_resets
from webarena_runner.cli.limit_options import AS_BEFORE, MoreCost, MoreErrors, MoreRounds, MoreTime, MoreTokens
from webarena_runner.cli.options import Sets, SkipDoctor, settings_given
from webarena_runner.cli.runs import FailUnder, Out, Outcome, RunFolder, play, threshold_of
from webarena_runner.cli.site_options import Yes

ResetNow = Annotated[
    str | None,
    typer.Option(
        "--reset",
        metavar="WHEN",
        help="When shared sites are reset from now on; with before-run they are now, and what finished tasks did to "
        "them is undone. [dim]Default: as the run began, but not before it[/dim]",
    ),
]
OtherWorkers = Annotated[
    str | None,
    Sets("workers"),
    typer.Option("--workers", "-w", metavar="N|auto", help=f"Episodes at a time, in this start. {AS_BEFORE}"),
]
OtherExecutor = Annotated[
    str | None,
    Sets("executor"),
    typer.Option(
        "--executor",
        metavar="NAME",
        help=f"Who plays this start: [b]local[/b], [b]ray[/b] or a plug-in. {AS_BEFORE}",
    ),
]
OtherRayAddress = Annotated[
    str | None,
    Sets("ray.address"),
    typer.Option(
        "--ray-address",
        metavar="auto|HOST:PORT|ray://HOST:PORT",
        help=f'The cluster of [b]--executor ray[/b] in this start; "" is one of its own, on this machine. {AS_BEFORE}',
    ),
]
Errors = Annotated[
    str | None,
    typer.Option(
        "--errors",
        metavar="CLASS,...",
        help="Only those that ended in these: model, browser, site, login, judge, overload, node, environment, "
        "timeout, internal. "
        "[dim]Default: any error[/dim]",
    ),
]


def resume(
    context: typer.Context,
    run: RunFolder,
    out: Out = Path("results"),
    max_cost: MoreCost = None,
    max_tokens: MoreTokens = None,
    max_time: MoreTime = None,
    fail_fast: MoreErrors = None,
    retry_rounds: MoreRounds = None,
    workers: OtherWorkers = None,
    executor: OtherExecutor = None,
    ray_address: OtherRayAddress = None,
    reset: ResetNow = None,
    yes: Yes = False,
    fail_under: FailUnder = None,
    skip_doctor: SkipDoctor = False,
    as_json: Outcome = False,
) -> None:
    """Go on with an interrupted or stopped run: what is finished stays, errors are tried again."""
    _go_on(context, errors=None)


def retry(
    context: typer.Context,
    run: RunFolder,
    errors: Errors = None,
    out: Out = Path("results"),
    max_cost: MoreCost = None,
    max_tokens: MoreTokens = None,
    max_time: MoreTime = None,
    fail_fast: MoreErrors = None,
    retry_rounds: MoreRounds = None,
    workers: OtherWorkers = None,
    executor: OtherExecutor = None,
    ray_address: OtherRayAddress = None,
    reset: ResetNow = None,
    yes: Yes = False,
    fail_under: FailUnder = None,
    skip_doctor: SkipDoctor = False,
    as_json: Outcome = False,
) -> None:
    """Try episodes of a run again that ended in an error: like resume, but nothing that has not run yet."""
    from webarena_runner.errors import UsageError

    classes = [name.strip() for name in (errors or "").split(",") if name.strip()]
    if errors is not None and not classes:
        raise UsageError(f"--errors {errors!r}: names no class; give some, such as site,model, or leave --errors out")
    _go_on(context, errors=classes)


def _go_on(context: typer.Context, *, errors: Sequence[str] | None) -> None:
    """Both commands have these parameters."""
    from webarena_runner.log.paths import find_run
    from webarena_runner.running.run import prepare_resume

    given = context.params
    folder = find_run(given["run"], given["out"])
    prepared = prepare_resume(folder, given=settings_given(context), reset=given["reset"], errors=errors)
    prepared = replace(prepared, look_first=not given["skip_doctor"])
    threshold = threshold_of(given["fail_under"], len(prepared.manifest.planned))
    require_consent_to_resets([prepared], os.environ, yes=given["yes"])
    raise typer.Exit(play(prepared, os.environ, threshold, as_json=given["as_json"], verbose=context.obj["verbose"]))

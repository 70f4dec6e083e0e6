"""`wa-run baseline`: what agents that know nothing pass, as a measure of the tasks."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli import options as given

if TYPE_CHECKING:
    from webarena_runner.report.summary import RunReport
    from webarena_runner.running.run import Prepared
    from webarena_runner.settings.loading import CliOptions

CONTROLS = "do-nothing,always-na,echo-intent,random-click"
NOTES = (
    "[bold]Agents[/bold]\n"
    "  do-nothing     stops at once, without an answer\n"
    "  always-na      answers N/A: passes the tasks that cannot be done\n"
    "  echo-intent    gives the task back as its answer\n"
    "  random-click   clicks on something in view until the step limit; repeatable with --seed\n\n"
    "Each is a run of its own, with a folder and a row of leaderboard.csv under --out. 'undecided' are tasks that only "
    "a judge can score; without --judge they count as not passed."
)
Tasks = Annotated[
    str,
    typer.Option(
        "--tasks",
        "-t",
        metavar="EXPR",
        help="Which tasks; the grammar is in `wa-run --help`.",
        rich_help_panel=given.WHAT_TO_RUN,
    ),
]
Agents = Annotated[
    str,
    typer.Option(
        "--agents",
        metavar="NAMES",
        help="Agents without a model, commas between.",
        rich_help_panel=given.WHAT_TO_RUN,
    ),
]


def baseline(
    context: typer.Context,
    tasks: Tasks = "mini",
    agents: Agents = CONTROLS,
    task_set: given.TaskSet = "webarena",
    allow_modified: given.AllowModified = False,
    profile: given.Profile = "webarena",
    judge: given.Judge = None,
    sites: given.Sites = None,
    workers: given.Workers = None,
    trials: given.Trials = None,
    max_steps: given.MaxSteps = None,
    seed: given.Seed = None,
    out: given.Out = Path("results"),
    assignments: given.Assignments = None,
) -> None:
    """Run control agents, which know nothing, and print what each passes: no model can be said to do more for that.

    Exit code: 0 done, 1 some tasks ended in an error, 2 bad usage or configuration, 130 interrupted.
    """
    from webarena_runner.settings.loading import CliOptions
    from webarena_runner.tasksets import load_task_set
    from webarena_runner.tasksets.selection import choose_task_set

    chosen = choose_task_set(tasks, task_set, runs=out)
    options = CliOptions(
        tasks=tasks,
        task_set=chosen,
        allow_modified=allow_modified,
        served_by=load_task_set(chosen).served_by,
        profile=profile,
        sites=sites,
        # Those above that set one key of the settings: judge, workers, trials, max_steps and seed.
        given=given.settings_given(context),
        assignments=tuple(assignments or ()),
    )
    prepared = _prepare(agents, options, os.environ, out=out)
    raise typer.Exit(asyncio.run(_run_all(prepared, os.environ, verbose=context.obj["verbose"])))


def _prepare(agents: str, options: "CliOptions", environ: Mapping[str, str], *, out: Path) -> "list[Prepared]":
    """Checks every run before the first starts."""
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings.loading import load_run_config

    names = list(dict.fromkeys(name.strip() for name in agents.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--agents: expected names with commas between, such as {CONTROLS}")
    configs = [load_run_config(_playing(options, name), environ) for name in names]
    from webarena_runner.running.run import prepare

    return [prepare(config, out=out, overrides=overrides) for config, overrides in configs]


def _playing(options: "CliOptions", agent: str) -> "CliOptions":
    from dataclasses import replace

    from webarena_runner.settings.loading import Given

    return replace(options, given=(*options.given, Given("agent", agent, "--agents")))


async def _run_all(prepared: "list[Prepared]", environ: Mapping[str, str], *, verbose: bool) -> int:
    from webarena_runner.cli.console import start_logging, stderr, stdout
    from webarena_runner.cli.results import print_baseline
    from webarena_runner.cli.runs import INTERRUPTED, until_done_or_interrupted

    console, faults = stderr(), False
    reports: list[RunReport] = []
    start_logging(console, verbose=verbose)
    for each in prepared:
        console.print(f"agent {each.config.settings.agent}, run {each.manifest.run_id}", markup=False)
        summary = await until_done_or_interrupted(each, environ, console)
        if summary is None:
            print_baseline(reports, stdout())
            message = f"interrupted; {each.config.settings.agent} can go on with: wa-run resume {each.folder}"
            console.print(message, markup=False, soft_wrap=True)
            return INTERRUPTED
        if summary.stopped:
            console.print(f"agent {each.config.settings.agent} stopped early: {summary.stopped}", markup=False)
        reports.append(summary.report)
        total = summary.report.total
        faults |= bool(total.errored > summary.report.undecided or total.missing)
    print_baseline(reports, stdout())
    return int(faults)

"""`wa-run baseline`: what agents that know nothing pass, as a measure of the tasks."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webarena_runner.cli import options as given
from webarena_runner.cli import site_options
from webarena_runner.cli.consent import require_consent_to_resets

if TYPE_CHECKING:
    from webarena_runner.report.summary import RunReport
    from webarena_runner.running.run import Prepared
    from webarena_runner.settings.loading import CliOptions

CONTROLS = "do-nothing,always-na,echo-intent,random-click"
# Where a task is answered by a report in JSON.
REPORTS = "do-nothing,say-not-found,say-retrieved,say-navigated,say-mutated,say-not-allowed"
NOTES = (
    "[bold]Agents[/bold]\n"
    "  do-nothing     stops at once, without an answer\n"
    "  always-na      answers N/A: passes the tasks that cannot be done\n"
    "  echo-intent    gives the task back as its answer\n"
    "  random-click   clicks on something in view until the step limit, the same\n"
    "                 again with the same --seed\n"
    "  say-not-found, say-retrieved, say-navigated, say-mutated, say-not-allowed\n"
    "                 give one report in WebArena-Verified's form, of every task\n\n"
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
    str | None,
    typer.Option(
        "--agents",
        metavar="NAMES",
        help=f"Agents without a model, commas between. [dim]Default: {CONTROLS}; of tasks of WebArena-Verified: "
        f"{REPORTS}[/dim]",
        show_default=False,
        rich_help_panel=given.WHAT_TO_RUN,
    ),
]


def baseline(
    context: typer.Context,
    tasks: Tasks = "mini",
    agents: Agents = None,
    task_set: given.TaskSet = "webarena",
    allow_modified: given.AllowModified = False,
    profile: given.Profile = None,
    judge: given.Judge = None,
    sites: given.Sites = None,
    workers: given.Workers = None,
    order: given.Order = None,
    trials: given.Trials = None,
    max_steps: given.MaxSteps = None,
    seed: given.Seed = None,
    reset: site_options.Reset = None,
    yes: site_options.Yes = False,
    out: given.Out = Path("results"),
    assignments: given.Assignments = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the outcome of each agent, in one JSON object.", rich_help_panel=given.OTHER
        ),
    ] = False,
) -> None:
    """Run control agents, which know nothing, and print what each passes: no model can be said to do more for that.

    Exit code: 0 done, 1 some tasks ended in an error, 2 bad usage or configuration, 130 interrupted.
    """
    import asyncio

    from webarena_runner.cli.selected import chosen_set
    from webarena_runner.official.families import VERIFIED
    from webarena_runner.running.temporary import own_tmpdir
    from webarena_runner.settings.loading import CliOptions
    from webarena_runner.tasksets import load_task_set, profile_of

    chosen = chosen_set(context, tasks, task_set, runs=out)
    named_set = load_task_set(chosen)
    agents = agents if agents is not None else REPORTS if profile_of(named_set) == VERIFIED.profile else CONTROLS
    options = CliOptions(
        tasks=tasks,
        task_set=chosen,
        allow_modified=allow_modified,
        served_by=named_set.served_by,
        profile=profile or profile_of(named_set),
        sites=sites,
        # Those above that set one key of the settings: judge, workers, trials, max_steps and seed.
        given=given.settings_given(context),
        assignments=tuple(assignments or ()),
    )
    prepared = _prepare(agents, options, os.environ, out=out)
    require_consent_to_resets(prepared, os.environ, yes=yes)
    running = _run_all(prepared, os.environ, as_json=as_json, verbose=context.obj["verbose"])
    with own_tmpdir():
        code = asyncio.run(running)
    raise typer.Exit(code)


def _prepare(agents: str, options: "CliOptions", environ: Mapping[str, str], *, out: Path) -> "list[Prepared]":
    """Checks every run before the first starts."""
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings.loading import explicit_settings, load_run_config

    names = list(dict.fromkeys(name.strip() for name in agents.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--agents: expected names with commas between, such as {CONTROLS}")
    configs = [(_playing(options, name), *load_run_config(_playing(options, name), environ)) for name in names]
    from webarena_runner import registry
    from webarena_runner.running.run import prepare

    # One agent that draws makes use of the seed that all are given.
    drawing = any(getattr(registry.load("agents", name), "draws", True) for name in names)
    shared = {"seed"} if drawing else set()
    return [
        prepare(
            config,
            out=out,
            overrides=overrides,
            explicit={key: origin for key, origin in explicit_settings(playing).items() if key not in shared},
        )
        for playing, config, overrides in configs
    ]


def _playing(options: "CliOptions", agent: str) -> "CliOptions":
    from dataclasses import replace

    from webarena_runner.settings.loading import Given

    return replace(options, given=(*options.given, Given("agent", agent, "--agents")))


async def _run_all(prepared: "list[Prepared]", environ: Mapping[str, str], *, as_json: bool, verbose: bool) -> int:
    from webarena_runner.cli import INTERRUPTED
    from webarena_runner.cli.console import start_logging, stderr
    from webarena_runner.cli.outcome import outcome_json
    from webarena_runner.cli.runs import until_done_or_interrupted

    console, code = stderr(), 0
    reports: list[RunReport] = []
    outcomes = []
    start_logging(console, verbose=verbose)
    for each in prepared:
        console.print(f"agent {each.config.settings.agent}, run {each.manifest.run_id}", markup=False)
        summary = await until_done_or_interrupted(each, environ, console)
        if summary is None:
            message = f"interrupted; {each.config.settings.agent} can go on with: wa-run resume {each.folder}"
            console.print(message, markup=False, soft_wrap=True)
            code = INTERRUPTED
            break
        if summary.stopped:
            console.print(f"agent {each.config.settings.agent} stopped early: {summary.stopped}", markup=False)
        reports.append(summary.report)
        total = summary.report.total
        own = int(total.errored > summary.report.undecided or bool(total.missing))
        outcomes.append(
            outcome_json(summary.report, own, exported=summary.exported, stopped=summary.stopped, interrupted=False)
            | {"undecided": summary.report.undecided, "passed": [list(key) for key in summary.report.passed]}
        )
        code = max(code, own)
    _print(reports, {"agents": outcomes, "interrupted": code == INTERRUPTED, "exit_code": code}, as_json=as_json)
    return code


def _print(reports: "list[RunReport]", outcome: dict[str, Any], *, as_json: bool) -> None:
    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.results import print_baseline

    if as_json:
        echo_json(outcome)
    else:
        print_baseline(reports, stdout())

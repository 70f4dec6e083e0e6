"""`wa-run`: the bare form that runs tasks, and the sub-commands beside it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from webarena_runner.cli import (
    baseline,
    browser,
    compare,
    doctor,
    env,
    evaluator,
    export,
    importing,
    leaderboard,
    limit_options,
    observe,
    profiles,
    reproduce,
    rescore,
    resuming,
    runs,
    score,
    site_options,
    sites,
    status,
    tasks,
    verify,
    view,
)
from webarena_runner.cli import options as given
from webarena_runner.cli.help import EPILOG
from webarena_runner.cli.models import commands as models
from webarena_runner.cli.once import require_once_everywhere
from webarena_runner.cli.optional_value import OptionalHtml
from webarena_runner.cli.run_file import file_of
from webarena_runner.cli.usage import BareForm
from webarena_runner.errors import UsageError

app = typer.Typer(
    name="wa-run",
    cls=BareForm,
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - the shape of a Typer callback
    if value:
        from webarena_runner import __version__

        typer.echo(f"webarena-runner {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and stop.",
        rich_help_panel=given.OTHER,
    ),
]


HELP = (
    "Run WebArena tasks: drive a real Chromium with a model, score the end state as the official harness does.\n\n"
    "Without a sub-command it runs the chosen tasks, shows progress on stderr, prints the result table on stdout, "
    "and leaves a run folder and a row of leaderboard.csv under --out.\n\n"
    "Exit code: 0 done, 1 some tasks ended in an error or too few passed (--fail-under), 2 bad usage or configuration, "
    "130 interrupted."
)


@app.callback(invoke_without_command=True, help=HELP)
def run_tasks(
    context: typer.Context,
    model: given.Model = None,
    tasks: given.Tasks = "all",
    limit: given.Limit = None,
    shard: given.Shard = None,
    task_set: given.TaskSet = "webarena",
    allow_modified: given.AllowModified = False,
    ignore_keys: given.IgnoreKeys = None,
    agent: given.Agent = None,
    prompt: given.Prompt = None,
    action_set: given.ActionSet = None,
    observation: given.ObservationMode = None,
    profile: given.Profile = None,
    judge: given.Judge = None,
    sites: given.Sites = None,
    skip_doctor: given.SkipDoctor = False,
    replicas: given.Replicas = None,
    offsite: given.OffsitePages = None,
    reset: site_options.Reset = None,
    yes: site_options.Yes = False,
    workers: given.Workers = None,
    order: given.Order = None,
    executor: given.Executor = None,
    ray_address: given.RayAddress = None,
    trials: given.Trials = None,
    max_steps: given.MaxSteps = None,
    settle: given.Settle = None,
    max_cost: limit_options.MaxCost = None,
    max_cost_per_episode: limit_options.MaxCostPerEpisode = None,
    max_tokens: limit_options.MaxTokens = None,
    max_time: limit_options.MaxTime = None,
    fail_fast: limit_options.FailFast = None,
    retry_rounds: limit_options.RetryRounds = None,
    seed: given.Seed = None,
    record: given.Record = None,
    screenshots: given.Screenshots = None,
    out: given.Out = Path("results"),
    run_id: given.RunId = None,
    config: given.Config = None,
    assignments: given.Assignments = None,
    fail_under: given.FailUnder = None,
    dry_run: given.DryRun = False,
    as_json: given.AsJson = False,
    verbose: given.Verbose = False,
    version: Version = False,
) -> None:
    if context.invoked_subcommand:
        _refuse_run_options(context)
        context.obj = {"verbose": verbose}
        return
    from webarena_runner.cli.selected import chosen_set
    from webarena_runner.settings.loading import CliOptions
    from webarena_runner.tasksets import load_task_set, profile_of
    from webarena_runner.tasksets.selection import parse_shard

    task_set = chosen_set(context, tasks, task_set, runs=out)
    named_set = load_task_set(task_set)
    options = CliOptions(
        model=model,
        tasks=tasks,
        task_set=task_set,
        limit=limit,
        shard=parse_shard(shard) if shard else None,
        allow_modified=allow_modified,
        ignore_keys=tuple(key.strip() for key in (ignore_keys or "").split(",") if key.strip()),
        served_by=named_set.served_by,
        sites=sites,
        profile=profile or profile_of(named_set),
        # Those above that set one key of the settings: agent, workers, max_steps and others.
        given=given.settings_given(context),
        assignments=(*given.assignments_given(context), *given.replicas_assigned(replicas)),
        base=file_of(context).base,
    )
    start = runs.Start(
        options,
        out=out,
        run_id=run_id,
        fail_under=fail_under,
        as_json=as_json,
        verbose=verbose,
        skip_doctor=skip_doctor,
        yes=yes,
    )
    raise typer.Exit(runs.show_plan(start, os.environ) if dry_run else runs.start(start, os.environ))


RUN, RESULTS, PARTS = "Run", "Results of runs", "Models, tasks and sites"
# The most likely first mistake, `run`, is no mistake.
app.command("run", rich_help_panel=RUN, help="Run the chosen tasks: the same as without a sub-command.")(run_tasks)
app.command("resume", rich_help_panel=RUN)(resuming.resume)
app.command("retry", rich_help_panel=RUN)(resuming.retry)
app.command("baseline", rich_help_panel=RUN, epilog=baseline.NOTES)(baseline.baseline)
app.command("doctor", rich_help_panel=RUN, epilog=doctor.WHOLE_RUN)(doctor.doctor)
app.command("status", rich_help_panel=RUN, epilog=status.NOTES)(status.status)
app.command("report", rich_help_panel=RESULTS, cls=OptionalHtml)(runs.report)
app.command("view", rich_help_panel=RESULTS)(view.view)
app.command("leaderboard", rich_help_panel=RESULTS, epilog=leaderboard.NOTES)(leaderboard.leaderboard)
app.command("compare", rich_help_panel=RESULTS, epilog=compare.NOTES)(compare.compare)
app.command("rescore", rich_help_panel=RESULTS, epilog=rescore.NOTES)(rescore.rescore)
app.command("export", rich_help_panel=RESULTS, epilog=export.EXAMPLES)(export.export)
app.command("import", rich_help_panel=RESULTS, epilog=importing.NOTES)(importing.import_run)
app.command("verify", rich_help_panel=RESULTS, epilog=verify.NOTES)(verify.verify)
app.command("reproduce", rich_help_panel=RESULTS, epilog=reproduce.NOTES)(reproduce.reproduce)
app.command("score", rich_help_panel=RESULTS, epilog=score.FORMAT)(score.score)
app.command("observe", rich_help_panel=PARTS, epilog=observe.NOTES)(observe.observe)
app.add_typer(models.app, rich_help_panel=PARTS, name="models")
app.add_typer(tasks.app, rich_help_panel=PARTS, name="tasks")
app.add_typer(profiles.app, rich_help_panel=PARTS, name="profiles")
app.add_typer(sites.app, rich_help_panel=PARTS, name="sites")
app.add_typer(env.app, rich_help_panel=PARTS, name="env")
app.add_typer(browser.app, rich_help_panel=PARTS, name="browser")
app.add_typer(evaluator.app, rich_help_panel=PARTS, name="evaluator")
require_once_everywhere(app)


def _refuse_run_options(context: typer.Context) -> None:
    command = context.invoked_subcommand
    for parameter in context.command.params:
        if given.is_given(context, parameter.name or "") and parameter.name != "verbose":
            raise UsageError(
                f"{parameter.opts[0]} belongs to the bare form `wa-run ...`, not before `{command}`; "
                + (
                    f"write it after `{command}`, or leave `{command}` out"
                    if command == "run"
                    else f"see `wa-run {command} --help` for its own options"
                )
            )

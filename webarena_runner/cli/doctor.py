"""`wa-run doctor`: the command; the checks themselves are in `checks` and in `sites.probes`."""

import os
from pathlib import Path
from typing import Annotated

import typer

WHOLE_RUN = (
    "With the options of a run it checks what that run needs, and fails for nothing else: "
    "[b]wa-run doctor --model llama3-vllm --judge gpt-4o --tasks 'site:gitlab'[/b]. Without --tasks every site with a "
    "URL counts. A run looks at shared sites by itself before it begins, unless it has --skip-doctor."
)
Tasks = Annotated[
    str | None, typer.Option("--tasks", "-t", metavar="EXPR", help="Check what these tasks need, as of a run.")
]
TaskSet = Annotated[
    str | None, typer.Option("--task-set", metavar="NAME|FILE", help="The set that --tasks chooses from.")
]
Sites = Annotated[
    str | None,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="Provider or sites file to check. [dim]Default: as a run of the tasks has it, else static, URLs from the "
        "environment[/dim]",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="Have this model answer one prompt; an agent without a model, such as oracle, has none to ask.",
    ),
]
Judge = Annotated[str | None, typer.Option("--judge", metavar="NAME|FILE", help="Ask whether this judge is there.")]
Limit = Annotated[float, typer.Option("--limit", metavar="SECONDS", min=0.1, help="How long each check may take.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "-o", "--option", metavar="KEY=VALUE", help="As for a run, e.g. -o model.options.base_url=URL. Repeatable."
    ),
]


def doctor(
    context: typer.Context,
    model: Model = None,
    judge: Judge = None,
    tasks: Tasks = None,
    task_set: TaskSet = None,
    sites: Sites = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders would go.")] = Path("results"),
    limit_s: Limit = 10,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as one JSON object, for programs.")] = False,
) -> None:
    """Check what a run needs, and say what to do about what is missing. Exit code 1 when something essential is."""
    import asyncio

    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.examined import Asked, all_findings
    from webarena_runner.cli.findings import as_json as json_of
    from webarena_runner.cli.findings import failed, print_findings
    from webarena_runner.settings.loading import CliOptions, is_agent, load_model, load_model_spec
    from webarena_runner.settings.records import TaskChoice

    choice, served_by = None, None
    if tasks or task_set:
        from webarena_runner.cli.selected import chosen_set
        from webarena_runner.tasksets import load_task_set

        name = chosen_set(context, tasks or "all", task_set or "webarena", runs=out)
        choice, served_by = TaskChoice(task_set=name, expression=tasks or "all"), load_task_set(name).served_by
    given = tuple(assignments or ())
    asked = Asked(
        out,
        CliOptions(sites=sites, served_by=served_by, assignments=given),
        tasks=choice,
        model=load_model(model, given) if model and not is_agent(model) else None,
        judge=load_model_spec(judge) if judge else None,
        limit_s=limit_s,
    )
    findings = asyncio.run(all_findings(asked, os.environ))
    if as_json:
        echo_json(json_of(findings))
    else:
        print_findings(findings, stdout())
    raise typer.Exit(int(failed(findings)))

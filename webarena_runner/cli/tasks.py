"""`wa-run tasks`: get, list, show and check tasks."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli import options as given

if TYPE_CHECKING:
    from webarena_runner.types import Task

app = typer.Typer(no_args_is_help=True, help="Task sets: fetch published ones, list, show and check tasks.")
Expression = Annotated[str, typer.Option("--tasks", "-t", metavar="EXPR", help="Which tasks; see `wa-run --help`.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of `sample:N`.")]


@app.command()
def fetch(
    task_set: Annotated[
        str, typer.Argument(metavar="SET", help="webarena, webarena-verified, webarena-lite or visualwebarena.")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PATH|URL",
            help="The task file, or a wheel with it. [dim]Default: the publisher's wheel on PyPI[/dim]",
        ),
    ] = None,
    allow_modified: given.AllowModified = False,
) -> None:
    """Get the task file of a published benchmark into the cache folder, and check its sha256."""
    from webarena_runner.cli.console import stderr
    from webarena_runner.tasksets.fetch import fetch_task_set

    console = stderr()

    def say(text: str) -> None:
        console.print(text, markup=False)

    typer.echo(fetch_task_set(task_set, source, None, say, allow_modified=allow_modified))


@app.command("list")
def list_tasks(
    context: typer.Context,
    tasks: Expression = "all",
    task_set: given.TaskSet = "webarena",
    allow_modified: given.AllowModified = False,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, for programs.")] = False,
) -> None:
    """List the chosen tasks: id, sites, evaluators, intent."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.selected import chosen_tasks

    chosen = chosen_tasks(context, tasks, task_set, seed=seed, allow_modified=allow_modified)
    if as_json:
        echo_json([_record(task) for task in chosen], indent=1)
        return
    table = Table("id", "sites", "evaluators", "intent", box=None, pad_edge=False)
    table.columns[0].justify = "right"
    for task in chosen:
        kinds = "+".join(check.kind for check in task.checks)
        table.add_row(str(task.task_id), "+".join(task.sites), kinds, Text(task.intent.strip()))
    console = stdout()
    console.print(table)
    console.print(f"{len(chosen)} tasks")


@app.command("show")
def show_task(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="Its id in the task set.")],
    task_set: given.TaskSet = "webarena",
    allow_modified: given.AllowModified = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, the record under `raw`.")] = False,
) -> None:
    """Show one task: our typed view of it, and the record as it stands in the file."""
    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.selected import chosen_tasks

    wanted = task_id if task_id.isdecimal() else '"' + task_id.strip('"') + '"'
    (task,) = chosen_tasks(context, wanted, task_set, seed=0, allow_modified=allow_modified)
    if as_json:
        echo_json(task.model_dump(mode="json"), indent=1)
        return
    console = stdout()
    typed = task.model_dump(mode="json", exclude={"raw"})
    for title, record in (("typed view", typed), ("record in the file", task.raw)):
        console.print(f"# {title}", style="bold")
        console.print_json(json.dumps(record, ensure_ascii=False))


@app.command()
def check(
    task_set: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A task set, a task file or a folder of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Say all that is wrong with a task file, and what in it is not read or not done.

    Exit code: 0 every record can be run, 2 some cannot.
    """
    from webarena_runner.cli.checked import check_tasks
    from webarena_runner.cli.console import stdout
    from webarena_runner.tasksets import load_task_set

    checked = check_tasks(load_task_set(task_set).load(allow_modified=True))
    if as_json:
        typer.echo(json.dumps(checked.as_json(), ensure_ascii=False))
    else:
        for line in checked.as_lines():
            stdout().print(line, markup=False, soft_wrap=True, highlight=False)
    raise typer.Exit(2 if checked.runnable < checked.records else 0)


def _record(task: "Task") -> dict[str, object]:
    return {
        "task_id": task.task_id,
        "task_set": task.task_set,
        "sites": task.sites,
        "login_sites": task.login_sites,
        "start_urls": task.start_urls,
        "template_id": task.template_id,
        "evaluators": [check.kind for check in task.checks],
        "writes": task.writes,
        "judge": task.judge,
        "reset_before": task.reset_before,
        "depends_on": task.depends_on,
        "images": task.images,
        "intent": task.intent,
    }

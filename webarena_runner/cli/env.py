"""`wa-run env`: the tasks as an environment of another framework."""

from typing import Annotated

import typer

from webarena_runner.cli import options as given

KINDS = ("openenv",)
NOTES = """\
[bold]A client[/bold] (more in the documentation, "OpenEnv")
  from openenv import GenericEnvClient
  url = "http://127.0.0.1:8000"
  with GenericEnvClient(base_url=url, message_timeout_s=900).sync() as env:
      seen = env.reset(task_id=37, max_steps=10)
      seen = env.step({"action": "stop [N/A]"})
      print(seen.done, seen.reward)

[bold]Exit code:[/bold] 0 stopped with Ctrl-C, 2 bad usage, or no browser, sites or package."""
app = typer.Typer(
    no_args_is_help=True, help="The tasks as an environment of another framework, such as OpenEnv, for training."
)


@app.command(epilog=NOTES)
def serve(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--kind", metavar="openenv", help="Whose protocol to speak.")] = "openenv",
    sessions: Annotated[
        int,
        typer.Option("--sessions", metavar="N", min=1, max=1000, help="Clients at once, each with its own episode."),
    ] = 4,
    port: Annotated[
        int,
        typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one."),
    ] = 8000,
    tasks: given.Tasks = "all",
    task_set: given.TaskSet = "mini",
    allow_modified: given.AllowModified = False,
    ignore_keys: given.IgnoreKeys = None,
    profile: given.Profile = None,
    judge: given.Judge = None,
    sites: given.Sites = None,
    max_steps: given.MaxSteps = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of `sample:N` in --tasks.")] = 0,
    screenshots: Annotated[
        bool, typer.Option("--screenshots", help="Send the page as PNG in base64 too, with each step.")
    ] = False,
    assignments: given.Assignments = None,
) -> None:
    """Serve tasks to clients of another framework until Ctrl-C: one Chromium, and a context for each client.

    Only programs on this machine reach it. Nothing is written: the episodes are the clients'. With -v before `env` it
    says how each ends.
    """
    import asyncio

    from webarena_runner.cli.console import start_logging, stderr
    from webarena_runner.cli.selected import chosen_set, chosen_tasks
    from webarena_runner.errors import ConfigError
    from webarena_runner.gym.setting import Setting
    from webarena_runner.gym.view import View
    from webarena_runner.loopback import listen

    if kind not in KINDS:
        raise ConfigError(f"--kind {kind}: expected {', '.join(KINDS)}")
    _require_openenv()
    chosen = [task.task_id for task in chosen_tasks(context, tasks, task_set, seed=seed, allow_modified=allow_modified)]
    setting = Setting(
        chosen_set(context, tasks, task_set),
        sites=sites,
        profile=profile,
        max_steps=max_steps,
        headless=True,
        assignments=(*([f"judge.model={judge}"] if judge else []), *(assignments or ())),
        ignore_keys=tuple(key.strip() for key in (ignore_keys or "").split(",") if key.strip()),
        stable_ids=True,
        screenshot=screenshots,
        allow_modified=allow_modified,
    )
    view = View(setting.settings, screenshot=screenshots, stable_urls=True)
    for each in chosen:
        setting.task(each)
    console = stderr()
    start_logging(console, verbose=context.obj["verbose"])
    if judged := setting.lacking_judge(chosen):
        console.print(
            f"{len(judged)} of {len(chosen)} tasks (the first is {judged[0]!r}) may need a judge model: without one "
            "some of their episodes end in an error of class judge, without a reward; pass --judge NAME",
            markup=False,
        )
    from webarena_runner.openenv.server import serve_until_stopped

    listener = listen(port)

    def ready() -> None:
        typer.echo(f"http://127.0.0.1:{listener.getsockname()[1]}")
        console.print(f"{len(chosen)} tasks for {sessions} clients at a time, until Ctrl-C", markup=False)

    asyncio.run(
        serve_until_stopped(
            setting,
            view,
            listener,
            task_set=setting.task_set,
            task_ids=chosen,
            sessions=sessions,
            on_ready=ready,
        )
    )


def _require_openenv() -> None:
    """Raises ConfigError that says how to install it."""
    from importlib.util import find_spec

    from webarena_runner.errors import ConfigError
    from webarena_runner.extras import how_to_install

    if find_spec("openenv") is None:
        raise ConfigError(
            f"--kind openenv needs the package openenv, which is not installed; run: {how_to_install('openenv')}"
        )

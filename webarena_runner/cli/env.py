"""`wa-run env`: the tasks as an environment of another framework."""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webarena_runner.cli import options as given

if TYPE_CHECKING:
    import socket

    from webarena_runner.gym.setting import Setting
    from webarena_runner.types import Task

# The package that has the clients and the server of each: its name and its module; the extra is named as the kind.
KINDS = {"openenv": ("openenv", "openenv"), "cube": ("cube-standard", "cube")}
NOTES = """\
[bold]A client of OpenEnv[/bold] (more in the documentation, "OpenEnv")
  from openenv import GenericEnvClient
  url = "http://127.0.0.1:8000"
  with GenericEnvClient(base_url=url, message_timeout_s=900).sync() as env:
      seen = env.reset(task_id=37, max_steps=10)
      seen = env.step({"action": "stop [N/A]"})
      print(seen.done, seen.reward)

[bold]A client of CUBE[/bold] (more in the documentation, "CUBE")
  from cube.client import BenchmarkClient
  benchmark = BenchmarkClient("http://127.0.0.1:8000")
  task = benchmark.spawn(benchmark.task_configs(task_id="37")[0])
  task.reset()
  print(task.step("stop", {"answer": "380"})["reward"])

[bold]Exit code:[/bold] 0 stopped with Ctrl-C, 2 bad usage, or no browser, sites or package."""
app = typer.Typer(
    no_args_is_help=True, help="The tasks as an environment of another framework, such as OpenEnv, for training."
)


@app.command(epilog=NOTES)
def serve(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--kind", metavar="openenv|cube", help="Whose protocol to speak.")] = "openenv",
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
    from webarena_runner.loopback import listen

    if kind not in KINDS:
        raise ConfigError(f"--kind {kind}: expected {', '.join(KINDS)}")
    _require_package(kind)
    records = chosen_tasks(context, tasks, task_set, seed=seed, allow_modified=allow_modified)
    chosen = [task.task_id for task in records]
    options: dict[str, Any] = {
        "sites": sites,
        "profile": profile,
        "max_steps": max_steps,
        "assignments": (*([f"judge.model={judge}"] if judge else []), *(assignments or ())),
        "ignore_keys": tuple(key.strip() for key in (ignore_keys or "").split(",") if key.strip()),
        "screenshot": screenshots,
        "allow_modified": allow_modified,
    }
    setting = Setting(chosen_set(context, tasks, task_set), headless=True, stable_ids=True, **options)
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
    listener = listen(port)

    def ready() -> None:
        typer.echo(f"http://127.0.0.1:{listener.getsockname()[1]}")
        console.print(f"{len(chosen)} tasks for {sessions} clients at a time, until Ctrl-C", markup=False)

    serve_kind = {"openenv": _openenv, "cube": _cube}[kind]
    asyncio.run(serve_kind(setting, options, records, listener, sessions, ready))


def _openenv(
    setting: "Setting",
    options: dict[str, Any],
    tasks: "Sequence[Task]",
    listener: "socket.socket",
    sessions: int,
    on_ready: Callable[[], None],
) -> Coroutine[Any, Any, None]:
    from webarena_runner.gym.view import View
    from webarena_runner.openenv.server import serve_until_stopped

    view = View(setting.settings, screenshot=options["screenshot"], stable_urls=True)
    task_ids = [task.task_id for task in tasks]
    return serve_until_stopped(
        setting, view, listener, task_set=setting.task_set, task_ids=task_ids, sessions=sessions, on_ready=on_ready
    )


def _cube(
    setting: "Setting",
    options: dict[str, Any],
    tasks: "Sequence[Task]",
    listener: "socket.socket",
    sessions: int,
    on_ready: Callable[[], None],
) -> Coroutine[Any, Any, None]:
    from warnings import filterwarnings

    from webarena_runner.cube.server import serve_until_stopped
    from webarena_runner.cube.tool import WebArenaToolConfig

    # Of each environment that is made; it has been said of all at once.
    filterwarnings("ignore", ".*may need a judge model", UserWarning)
    config = WebArenaToolConfig(task_set=setting.task_set, **options)
    return serve_until_stopped(config, tasks, listener, sessions=sessions, on_ready=on_ready)


def _require_package(kind: str) -> None:
    """Raises ConfigError that says how to install it."""
    from importlib.util import find_spec

    from webarena_runner.errors import ConfigError
    from webarena_runner.extras import how_to_install

    package, module = KINDS[kind]
    if find_spec(module) is None:
        raise ConfigError(
            f"--kind {kind} needs the package {package}, which is not installed; run: {how_to_install(kind)}"
            + (" (with Python 3.12 or newer)" if kind == "cube" else "")
        )

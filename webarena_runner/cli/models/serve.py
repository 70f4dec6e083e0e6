"""`wa-run models serve`: start the server that a model file describes, in the foreground."""

import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from webarena_runner.interfaces import ServeCommand, ServeHow, Serves
    from webarena_runner.settings.records import ModelSpec

Name = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="Model file; its backend must have a server, as tgi does.")
]
Docker = Annotated[bool, typer.Option("--docker", help="Run TGI in Docker.")]
Local = Annotated[bool, typer.Option("--local", help="Run text-generation-launcher from PATH.")]
PrintCommand = Annotated[bool, typer.Option("--print-command", help="Print the command and stop.")]
Port = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=65535, help="Port on this machine. [dim]Default: the model file's[/dim]"),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="KEY=VALUE",
        help="As for a run, e.g. -o model.options.launch.num-shard=2. Repeatable.",
    ),
]


def serve_model(
    name: Name,
    docker: Docker = False,
    local: Local = False,
    print_command: PrintCommand = False,
    port: Port = None,
    assignments: Assignments = None,
) -> None:
    """Start the server of a model file, print the command, say when it is ready; Ctrl-C stops it.

    For TGI without --docker or --local it is text-generation-launcher where that is on PATH, else Docker. The command
    holds no keys: HF_TOKEN is taken from the environment.
    """
    import asyncio

    from webarena_runner.cli.console import stderr
    from webarena_runner.errors import UsageError
    from webarena_runner.settings.loading import load_model

    if docker and local:
        raise UsageError("--docker and --local exclude each other")
    spec, _ = load_model(name, assignments or ())
    how: ServeHow | None = "docker" if docker else "local" if local else None
    command = _serving_backend(spec).serve_command(
        spec, how=how, port=port, environ=os.environ, only_print=print_command
    )
    if print_command:
        typer.echo(shlex.join(command.arguments))
        return
    stderr().print(f"+ {shlex.join(command.arguments)}", markup=False, soft_wrap=True)
    raise typer.Exit(asyncio.run(_until_ended_or_interrupted(command, name)))


def _serving_backend(spec: "ModelSpec") -> "Serves":
    """Raises ConfigError when the model file's backend has no server."""
    from webarena_runner import registry
    from webarena_runner.errors import ConfigError

    backend: Serves = registry.load("models", spec.backend)
    if hasattr(backend, "serve_command"):
        return backend
    others = [name for name in registry.names("models") if _serves(name)]
    raise ConfigError(
        f"model '{spec.name}': backend {spec.backend} has no server that could be started here; those that have one: "
        f"{', '.join(others)}"
    )


def _serves(name: str) -> bool:
    from webarena_runner import registry
    from webarena_runner.errors import ConfigError

    try:
        return hasattr(registry.load("models", name), "serve_command")
    except ConfigError:
        return False


async def _until_ended_or_interrupted(command: "ServeCommand", name: str) -> int:
    """The server's exit code; 0 after a signal to stop, which is how it is meant to end."""
    import asyncio

    from webarena_runner.cli.console import stderr
    from webarena_runner.models.shared.serve import run_server
    from webarena_runner.stopping import on_stop_signal

    console = stderr()
    uses = " ".join(f"-o {shlex.quote(assignment)}" for assignment in command.assignments)

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    def on_ready() -> None:
        say(
            f"ready: {command.base_url}; in another terminal:\n"
            f"  wa-run --model {shlex.quote(name)} {uses} --tasks smoke"
        )

    running = asyncio.ensure_future(run_server(command, say=say, on_ready=on_ready))
    on_stop_signal(running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        say("stopped")
        return 0

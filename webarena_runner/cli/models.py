"""`wa-run models`: the model files, and whether each can run here."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from webarena_runner.config import ModelSpec

app = typer.Typer(no_args_is_help=True, help="Model files: what there is, and what can run here.")


@app.command("list")
def list_models() -> None:
    """All model files by name, with what each still needs on this machine."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner import datafiles
    from webarena_runner.cli._console import stdout
    from webarena_runner.errors import ConfigError
    from webarena_runner.loading import load_model_spec

    table = Table("model", "backend", "description", "runs here", box=None, pad_edge=False)
    table.add_row("oracle", "-", "the reference agent: plays a task's reference actions", Text("yes", style="green"))
    for name in datafiles.names("models"):
        try:
            spec = load_model_spec(name)
        except ConfigError as error:
            table.add_row(name, "?", "", Text(str(error), style="red"))
            continue
        lacking = availability(spec, os.environ)
        runs_here = Text(lacking, style="yellow") if lacking else Text("yes", style="green")
        table.add_row(name, spec.backend, spec.description, runs_here)
    stdout().print(table, markup=False)


@app.command("show")
def show_model(name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Model file.")]) -> None:
    """One model file, as it is read, with defaults."""
    import yaml
    from rich.syntax import Syntax

    from webarena_runner import datafiles
    from webarena_runner.cli._console import stdout
    from webarena_runner.loading import load_model_spec

    spec = load_model_spec(name)
    console = stdout()
    console.print(f"# {datafiles.find('models', name)}", markup=False, soft_wrap=True)
    text = yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False, allow_unicode=True).rstrip()
    console.print(Syntax(text, "yaml", background_color="default") if console.is_terminal else text, markup=False)
    lacking = availability(spec, os.environ)
    console.print(f"# cannot run here: {lacking}" if lacking else "# can run here", markup=False, soft_wrap=True)


def availability(spec: "ModelSpec", environ: Mapping[str, str]) -> str:
    """What a model needs that this machine does not have; "" when it can run."""
    from webarena_runner import registry
    from webarena_runner.errors import ConfigError

    try:
        backend = registry.load("models", spec.backend)
        return str(backend.availability(spec, environ) or "")
    except ConfigError as error:
        return str(error)

"""`wa-run models`: the model files, and whether each can run here."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.models import check, fetch, merge, serve

if TYPE_CHECKING:
    from rich.text import Text

    from webarena_runner.interfaces import Preview, ShowsPrompts
    from webarena_runner.settings.records import ModelSpec
    from webarena_runner.types import Message

app = typer.Typer(no_args_is_help=True, help="Model files: what there is, and what can run here.")


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of the models, for programs.")] = False,
) -> None:
    """All model files by name, with what each still needs on this machine."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.console import echo_json, stdout

    listed = _listed(os.environ)
    if as_json:
        echo_json([asdict(each) | {"runs_here": not each.lacking} for each in listed])
        return
    reasons: list[str] = []
    table = Table(box=None, pad_edge=False)
    for title in ("model", "backend", "runs here"):
        table.add_column(title, no_wrap=True)
    table.add_column("description")
    for each in listed:
        table.add_row(each.name, each.backend, _runs_here(each.lacking, reasons), Text(each.description))
    console = stdout()
    console.print(table, markup=False)
    console.print()
    for number, reason in enumerate(reasons, start=1):
        console.print(Text(f"({number}) {reason}"), soft_wrap=not console.is_terminal)


@dataclass(frozen=True)
class Listed:
    """One line of the list; `lacking` "": it can run here. The backend of a file that is wrong is "?"."""

    name: str
    backend: str
    lacking: str
    description: str


def _listed(environ: Mapping[str, str]) -> list[Listed]:
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings import datafiles
    from webarena_runner.settings.loading import load_model_spec

    found = [Listed("oracle", "-", "", "the reference agent: plays a task's reference actions")]
    for name in datafiles.names("models"):
        try:
            spec = load_model_spec(name)
        except ConfigError as error:
            found.append(Listed(name, "?", str(error), ""))
            continue
        lacking = availability(spec, environ).removeprefix(f"model '{name}': ")
        found.append(Listed(name, spec.backend, lacking, spec.description))
    return found


def _runs_here(lacking: str, reasons: list[str]) -> "Text":
    """yes, or no with the number of the reason, which is added to `reasons` unless it is there."""
    from rich.text import Text

    if not lacking:
        return Text("yes", style="green")
    if lacking not in reasons:
        reasons.append(lacking)
    return Text(f"no ({reasons.index(lacking) + 1})", style="yellow")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Model file.")],
    prompt: Annotated[str, typer.Option(metavar="NAME|FILE", help="Prompt file of the prompt that is shown.")] = "cot",
) -> None:
    """One model file, as it is read, and a prompt about a sample page, as its backend would send it."""
    import yaml
    from rich.syntax import Syntax

    from webarena_runner.cli.console import echo, stdout
    from webarena_runner.cli.sample_prompt import sample_messages
    from webarena_runner.settings import datafiles
    from webarena_runner.settings.loading import load_model_spec

    spec = load_model_spec(name)
    console = stdout()
    console.print(f"# {datafiles.find('models', name)}", markup=False, soft_wrap=True)
    text = yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False, allow_unicode=True).rstrip()
    console.print(Syntax(text, "yaml", background_color="default") if console.is_terminal else text, markup=False)
    lacking = availability(spec, os.environ)
    console.print(f"# cannot run here: {lacking}" if lacking else "# can run here", markup=False, soft_wrap=True)
    shown = _preview(spec, sample_messages(prompt, has_picture=spec.images == "screenshot"))
    console.print(f"\n# A prompt about a sample page: {shown.form}", markup=False, soft_wrap=True)
    # Not through rich, which makes blanks of the tabs.
    echo(shown.text)


def _preview(spec: "ModelSpec", messages: "list[Message]") -> "Preview":
    """As the backend shows it, or why there is none."""
    from webarena_runner import registry
    from webarena_runner.errors import ConfigError
    from webarena_runner.interfaces import Preview

    try:
        backend: ShowsPrompts = registry.load("models", spec.backend)
        if hasattr(backend, "preview"):
            return backend.preview(spec, messages)
    except ConfigError as error:
        return Preview(f"none: {error}", "")
    return Preview(f"none: backend {spec.backend} does not show how it sends one", "")


def availability(spec: "ModelSpec", environ: Mapping[str, str]) -> str:
    """What a model needs that this machine does not have; "" when it can run."""
    from webarena_runner import registry
    from webarena_runner.errors import ConfigError

    try:
        backend = registry.load("models", spec.backend)
        return str(backend.availability(spec, environ) or "")
    except ConfigError as error:
        return str(error)


app.command("check")(check.check_model)
app.command("fetch")(fetch.fetch_model)
app.command("serve")(serve.serve_model)
app.command("merge")(merge.merge_models)

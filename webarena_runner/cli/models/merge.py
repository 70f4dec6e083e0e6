"""`wa-run models merge`: a model that is published as a difference to another."""

from pathlib import Path
from typing import Annotated

import typer

Base = Annotated[
    str,
    typer.Option(metavar="FOLDER|OWNER/NAME", help="Weights of the base model, such as Meta-Llama-3-8B-Instruct."),
]
Delta = Annotated[
    str,
    typer.Option(metavar="FOLDER|OWNER/NAME", help="What is to be added to them, such as Intel/llava-llama-3-8b."),
]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="New folder for the merged model.")]


def merge_models(base: Base, delta: Delta, out: Out) -> None:
    """Add delta weights to the base model they were made from, and save the sum as a checkpoint of its own.

    Names, shapes and types of all tensors are checked before anything is written.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from webarena_runner.cli.console import stderr, stdout
    from webarena_runner.models.checkpoints.checkpoint import find_checkpoint, require_weights
    from webarena_runner.models.checkpoints.merge import merge, plan_merge, require_new

    require_new(out)
    folders = [find_checkpoint(name, option=option) for name, option in ((base, "--base"), (delta, "--delta"))]
    for folder in folders:
        require_weights(folder)
    plan = plan_merge(*folders)
    console = stderr()
    message = f"{len(plan.added)} tensors added, {len(plan.delta.tensors) - len(plan.added)} taken over from the delta"
    columns = ("merging", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("merging", total=plan.total_bytes)
        merge(plan, out, on_bytes=lambda count: progress.advance(task, count))
    console.print(f"{message}; {len(plan.shards)} weight files", markup=False)
    stdout().print(str(out), markup=False, soft_wrap=True)

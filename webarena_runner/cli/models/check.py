"""`wa-run models check`: load or reach a model and have it answer one prompt."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from webarena_runner.settings.records import ModelSpec
    from webarena_runner.types import Completion, Message, Sampling

Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="Model file.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "-o", "--option", metavar="KEY=VALUE", help="As for a run, e.g. -o model.options.base_url=URL. Repeatable."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object, for programs.")]


@dataclass(frozen=True)
class Answer:
    """What a model said to one small prompt; `window` None: neither the model file nor the server says.

    `facts` are what a server tells of itself.
    """

    spec: "ModelSpec"
    completion: "Completion"
    window: int | None
    estimated: bool
    facts: Mapping[str, str]


def check_model(context: typer.Context, name: Name, assignments: Assignments = None, as_json: AsJson = False) -> None:
    """Load or reach a model as a run does, send one small prompt, print what came back.

    A model that takes screenshots is sent a picture too. Exit code: 0 it answered, 2 it did not.
    """
    import asyncio

    from rich.table import Table

    from webarena_runner.cli.console import echo_json, start_logging, stderr, stdout
    from webarena_runner.errors import EpisodeError, UsageError
    from webarena_runner.settings.loading import load_model

    spec, sampling = load_model(name, assignments or ())
    start_logging(stderr(), verbose=context.obj["verbose"])
    try:
        answer = asyncio.run(ask_model(spec, sampling, os.environ))
    except EpisodeError as error:
        raise UsageError(str(error)) from error
    if as_json:
        echo_json(_as_json(answer))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for key, value in _rows(answer).items():
        table.add_row(key, value)
    stdout().print(table, markup=False)


async def ask_model(spec: "ModelSpec", sampling: "Sampling", environ: Mapping[str, str]) -> Answer:
    """Raises UsageError or ModelError when it is not there, refuses, or says nothing."""
    from webarena_runner.errors import ModelError
    from webarena_runner.interfaces import RequestTag
    from webarena_runner.running.resources import open_model

    async with AsyncExitStack() as stack:
        backend = await open_model(spec, environ, stack)
        messages = _prompt(with_image=spec.images == "screenshot")
        completion = await backend.generate(messages, sampling, tag=RequestTag("check"))
        window, estimated = backend.context_window, backend.estimates_tokens
        facts: Mapping[str, str] = getattr(backend, "facts", {})
    if not completion.text.strip():
        raise ModelError(
            f"model '{spec.name}' answered with an empty text (finish reason '{completion.finish_reason}', "
            f"{completion.completion_tokens} tokens)"
        )
    return Answer(spec, completion, window, estimated, facts)


def _as_json(answer: Answer) -> dict[str, Any]:
    spec, completion = answer.spec, answer.completion
    return {
        "name": spec.name,
        "backend": spec.backend,
        "model": spec.model,
        "reply": completion.text,
        **completion.model_dump(
            mode="json",
            include={"finish_reason", "prompt_tokens", "completion_tokens", "cached_tokens", "latency_s", "retries"},
        ),
        "cost_usd": completion.cost_usd,
        "context_window": answer.window,
        "estimates_tokens": answer.estimated,
        "server": dict(answer.facts),
    }


def _rows(answer: Answer) -> dict[str, str]:
    spec, completion = answer.spec, answer.completion
    return {
        "model": f"{spec.name} ({spec.backend}{', ' + spec.model if spec.model else ''})",
        "reply": repr(completion.text),
        "finish reason": completion.finish_reason or "not given",
        "tokens": _tokens(completion),
        "latency": f"{completion.latency_s:.2f} s" + (f", {completion.retries} retries" if completion.retries else ""),
        "context window": f"{answer.window} tokens" if answer.window else "not known",
        "token counts": "estimated" if answer.estimated else "by the model's tokenizer",
        **answer.facts,
        "cost": f"${completion.cost_usd:.6f}" if completion.cost_usd is not None else "no prices in the model file",
    }


def _prompt(*, with_image: bool) -> "list[Message]":
    from webarena_runner.models.shared.probe import PICTURE_SIDE_PX, one_colour_png
    from webarena_runner.types import Message

    if not with_image:
        return [Message(role="user", content="Answer with one word: what is the capital of France?")]
    question = "Answer with one word: which colour fills this picture?"
    return [Message(role="user", content=question, images=(one_colour_png(PICTURE_SIDE_PX, (220, 20, 20)),))]


def _tokens(completion: "Completion") -> str:
    if not completion.prompt_tokens and not completion.completion_tokens:
        return "not given"
    cached = f", {completion.cached_tokens} of them cached" if completion.cached_tokens else ""
    return f"{completion.prompt_tokens} prompt{cached}, {completion.completion_tokens} reply"

"""A prompt for people to look at, as a model file's backend would send it; needs neither the model nor its extra."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from webarena_runner.models.gemini.wire import Image, as_chat, as_single
from webarena_runner.models.openai.wire import wire_messages
from webarena_runner.models.shared.formats import ExampleRoles, FormatName, chat_turns, render
from webarena_runner.models.tgi.wire import chat_body, prompt_text
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Message, Sampling

_PICTURE = "[picture]"
_DATA = re.compile(r"!\[\]\(data:[^)]*\)")


@dataclass(frozen=True)
class Preview:
    """`form` says what `text` is: the prompt itself, or the messages of a chat request."""

    form: str
    text: str


class _Options(BaseModel):
    """What of the backends' options, which are validated by them, shapes a prompt."""

    prompt_format: FormatName = "template"
    example_roles: ExampleRoles = "turns"
    mode: Literal["chat", "single"] = "chat"
    system_as: Literal["instruction", "user_turn"] = "instruction"


def preview(spec: ModelSpec, messages: Sequence[Message]) -> Preview:
    """Takes options that the backend has accepted."""
    options = _Options.model_validate(spec.options)
    if spec.backend == "gemini":
        return _gemini(messages, options)
    if spec.backend == "replay":
        return Preview("no prompt: replies come from the recording", "")
    if options.prompt_format != "template":
        return _text(spec, messages, options.prompt_format)
    if spec.backend in ("vllm", "transformers"):
        turns = chat_turns(messages, example_roles=options.example_roles)
        return Preview("turns, which the chat template of the model's tokenizer makes a text of", _listed(turns))
    wired = wire_messages(messages, options.example_roles)
    if spec.backend == "tgi":
        wired = chat_body(messages, options.example_roles, Sampling(), ())["messages"]
    return Preview("messages of a request to the chat route", _listed(wired))


def _text(spec: ModelSpec, messages: Sequence[Message], name: FormatName) -> Preview:
    if spec.backend != "tgi":
        return Preview(f"text in the format {name}", render(name, messages).text)
    text = _DATA.sub(_PICTURE, prompt_text(name, messages)[0])
    return Preview(f"text in the format {name}, to which TGI adds the BOS token", text)


def _gemini(messages: Sequence[Message], options: _Options) -> Preview:
    prompt = as_single(messages) if options.mode == "single" else as_chat(messages, options.system_as)
    turns: list[Mapping[str, Any]] = [{"role": "system instruction", "content": prompt.system}] if prompt.system else []
    for content in prompt.contents:
        parts = [_PICTURE if isinstance(part, Image) else part for part in content.parts]
        turns.append({"role": content.role, "content": "\n".join(parts)})
    return Preview("the system instruction and contents of a request", _listed(turns))


def _listed(turns: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(f"--- {_heading(turn)}\n{_content(turn['content'])}" for turn in turns)


def _heading(turn: Mapping[str, Any]) -> str:
    return f"{turn['role']}, name: {turn['name']}" if "name" in turn else str(turn["role"])


def _content(content: str | Sequence[Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else _PICTURE for part in content)

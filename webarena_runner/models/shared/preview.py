"""Prompts for people to look at: what the previews of the backends have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from webarena_runner.interfaces import Preview
from webarena_runner.models.shared.formats import ExampleRoles, FormatName, chat_turns, render
from webarena_runner.types import Message

PICTURE = "[picture]"


def engine_preview(messages: Sequence[Message], name: FormatName, example_roles: ExampleRoles) -> Preview:
    """Of an engine that is given token ids: a text in one of our formats, or turns for its own template."""
    if name != "template":
        return text_preview(messages, name)
    turns = chat_turns(messages, example_roles=example_roles)
    return Preview("turns, which the chat template of the model's tokenizer makes a text of", listed(turns))


def text_preview(messages: Sequence[Message], name: FormatName) -> Preview:
    return Preview(f"text in the format {name}", render(name, messages).text)


def chat_preview(wired: Sequence[Mapping[str, Any]]) -> Preview:
    """Of messages as a chat route takes them."""
    return Preview("messages of a request to the chat route", listed(wired))


def listed(turns: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(f"--- {_heading(turn)}\n{_content(turn['content'])}" for turn in turns)


def _heading(turn: Mapping[str, Any]) -> str:
    return f"{turn['role']}, name: {turn['name']}" if "name" in turn else str(turn["role"])


def _content(content: str | Sequence[Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else PICTURE for part in content)

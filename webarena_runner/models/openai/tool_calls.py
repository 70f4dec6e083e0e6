"""Functions and their calls, to and from the wire format of OpenAI's chat API."""

import json
from collections.abc import Mapping
from typing import Any

from webarena_runner.actions.tools import ActionTools, arguments_of
from webarena_runner.errors import ModelError
from webarena_runner.models.shared.replies import object_field, text_field
from webarena_runner.types import Message, ToolCall


def tool_fields(form: ActionTools) -> dict[str, Any]:
    """What a request carries that offers the functions."""
    return {"tools": [{"type": "function", "function": function} for function in form.functions]}


def call_fields(message: Message) -> dict[str, Any]:
    """What a message has because of calls, of itself or of the one before it."""
    if message.answers is not None:
        return {"tool_call_id": message.answers.id}
    if not message.tool_calls:
        return {}
    # A content of "" is refused by some servers, and one of null is what replies with calls have.
    return {"content": message.content or None, "tool_calls": [_wired(call) for call in message.tool_calls]}


def read_tool_calls(message: Mapping[str, Any], *, subject: str) -> tuple[ToolCall, ...]:
    """The functions that a reply calls. Raises ModelError when they are not in the documented form."""
    listed = message.get("tool_calls")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise ModelError(f"{subject}: the reply's tool_calls are no list: {str(listed)[:100]}")
    return tuple(_read(object_field(call, subject=subject, name="tool call"), subject) for call in listed)


def _read(call: Mapping[str, Any], subject: str) -> ToolCall:
    function = object_field(call.get("function"), subject=subject, name="function of a tool call")
    arguments = function.get("arguments")
    # Ollama's API and some proxies send them decoded.
    text = json.dumps(arguments) if isinstance(arguments, dict) else arguments
    return ToolCall(
        name=text_field(function.get("name"), subject=subject, name="function name"),
        arguments=text_field(text, subject=subject, name="arguments"),
        id=text_field(call.get("id"), subject=subject, name="tool call id"),
    )


def _wired(call: ToolCall) -> dict[str, Any]:
    # vLLM and chat templates decode the arguments of earlier calls, and fail where they are malformed.
    arguments = json.dumps(arguments_of(call) or {})
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}

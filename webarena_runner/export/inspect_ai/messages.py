"""Prompts, replies and pages as messages of Inspect."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
    ContentText,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall as Called

from webarena_runner.actions.tools import arguments_of
from webarena_runner.types import Completion, LastPage, Message, Step, ToolCall

# Examples of the official prompts are system messages with a name, and turns to most models.
_EXAMPLES = {"example_user": "user", "example_assistant": "assistant"}
# By what ended a reply, in the words of the APIs that we ask.
_STOPS = {"stop": "stop", "length": "max_tokens", "max_tokens": "max_tokens", "tool_calls": "tool_calls"}


def prompt_of(step: Step, picture: Path | None) -> list[ChatMessage]:
    """What the model was asked; `picture` is what it was shown of the page."""
    messages = [_message(message) for message in step.decision.messages]
    if picture and messages:
        messages[-1].content = [ContentText(text=messages[-1].text), _image(picture, step.observation.screenshot_type)]
    return messages


def page_of(seen: Step | LastPage, picture: Path | None) -> ChatMessageUser:
    """A page as the agent saw it."""
    observation = seen.observation
    text = f"{observation.url}\n\n{observation.text}"
    if picture is None:
        return ChatMessageUser(content=text)
    return ChatMessageUser(content=[ContentText(text=text), _image(picture, observation.screenshot_type)])


def reply_of(step: Step) -> ChatMessageAssistant:
    """What the model answered; of an agent without one the action."""
    completion = step.decision.completion
    if completion is None:
        return ChatMessageAssistant(content=step.action_text, source="generate")
    calls = list(_called(completion.tool_calls)) or None
    return ChatMessageAssistant(content=completion.text, tool_calls=calls, source="generate")


def output_of(step: Step, model: str) -> ModelOutput:
    completion = step.decision.completion
    stop: Any = _STOPS.get(completion.finish_reason.lower(), "unknown") if completion else "stop"
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=reply_of(step), stop_reason=stop)],
        usage=usage_of([completion]) if completion else None,
        time=completion.latency_s if completion else None,
    )


def usage_of(completions: Sequence[Completion]) -> ModelUsage:
    """Of these replies together; cached tokens are a part of the input, and not counted in it, as Inspect has it."""
    cached = sum(min(each.cached_tokens, each.prompt_tokens) for each in completions)
    asked = sum(each.prompt_tokens for each in completions)
    said = sum(each.completion_tokens for each in completions)
    costs = [each.cost_usd for each in completions if each.cost_usd is not None]
    return ModelUsage(
        input_tokens=asked - cached,
        output_tokens=said,
        total_tokens=asked + said,
        input_tokens_cache_read=cached or None,
        total_cost=sum(costs) if costs else None,
    )


def _message(message: Message) -> ChatMessage:
    role, told = _EXAMPLES.get(message.name or "", message.role), {"name": message.name} if message.name else None
    match role:
        case "system":
            return ChatMessageSystem(content=message.content, metadata=told)
        case "assistant":
            calls = list(_called(message.tool_calls)) or None
            return ChatMessageAssistant(content=message.content, tool_calls=calls, metadata=told)
        case "tool":
            answered = message.answers or ToolCall(name="", arguments="")
            return ChatMessageTool(content=message.content, tool_call_id=answered.id, function=answered.name)
    return ChatMessageUser(content=message.content, metadata=told)


def _called(calls: Sequence[ToolCall]) -> Iterator[Called]:
    for number, call in enumerate(calls):
        arguments = arguments_of(call)
        yield Called(
            id=call.id or f"call-{number}",
            function=call.name,
            arguments=arguments or {},
            parse_error=None if arguments is not None else f"not a JSON object: {call.arguments}",
        )


def _image(path: Path, kind: str) -> ContentImage:
    return ContentImage(image=f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}")

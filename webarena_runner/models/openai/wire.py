"""Our messages and completions from and to the wire format of OpenAI's chat API."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from webarena_runner.errors import ModelError
from webarena_runner.models.openai.tool_calls import call_fields, read_tool_calls
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.formats import ExampleRoles, SystemAs, example_role, instructions_as_turn
from webarena_runner.models.shared.replies import content_text, object_field, text_field, token_count
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.wire import data_url
from webarena_runner.types import Completion, Message, Sampling

# A reply that its server did not end: routers (OpenRouter) after their provider failed, vLLM and SGLang, DeepSeek.
_FAILED = {"error", "abort", "insufficient_system_resource"}


def wire_messages(
    messages: Sequence[Message], example_roles: ExampleRoles, system_as: SystemAs = "system"
) -> list[dict[str, Any]]:
    """`official`: examples are system messages with a name; `turns`: they are earlier user and assistant turns.

    Without system messages (`user_turn`) they are turns in any case.
    """
    if system_as == "user_turn":
        messages, example_roles = instructions_as_turn(messages), "turns"
    wired = []
    for message in messages:
        entry: dict[str, Any] = {"role": message.role, "content": _content(message)}
        if message.name and example_roles == "turns":
            entry["role"] = example_role(message) or message.role
        elif message.name:
            entry["name"] = message.name
        wired.append(entry | call_fields(message))
    return wired


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
    parts += ({"type": "image_url", "image_url": {"url": data_url(image)}} for image in message.images)
    return parts


def wire_sampling(sampling: Sampling, *, max_tokens_field: str) -> dict[str, Any]:
    """Only what is set, so that the server's defaults hold for the rest."""
    wired = sampling.model_dump(exclude_none=True, exclude={"max_tokens", "stop"})
    if sampling.max_tokens is not None:
        wired[max_tokens_field] = sampling.max_tokens
    if sampling.stop:
        wired["stop"] = list(sampling.stop)
    return wired


def read_completion(reply: Any, *, subject: str) -> Completion:
    """Text, calls and usage of a reply, decoded from JSON.

    Raises:
        NoAnswer: it has neither text nor calls, and says why, or a filter ended it.
        Transient: it has no choices or no message, or the server failed before it was whole.
        ModelError: what came back is not a chat completion, or a field of it holds what it cannot.
    """
    choices = choices_of(reply, subject=subject)
    if not choices:
        raise Transient("the reply has no choices")
    choice = object_field(choices[0], subject=subject, name="first choice")
    if choice.get("message") is None:
        raise Transient("the reply's first choice has no message")
    usage = object_field(reply.get("usage"), subject=subject, name="usage")
    message = object_field(choice.get("message"), subject=subject, name="message")
    text = content_text(message.get("content"), subject=subject)
    completion = completion_of(reply, choice, usage, text, subject=subject, logprobs=_logprobs(choice))
    completion = completion.model_copy(update={"tool_calls": read_tool_calls(message, subject=subject)})
    if completion.finish_reason in _FAILED:
        raise Transient(f"the server ended the reply with finish_reason {completion.finish_reason}")
    thoughts = record(usage.get("completion_tokens_details")).get("reasoning_tokens")
    return require_answer(
        completion,
        subject=subject,
        refusal=text_field(message.get("refusal"), subject=subject, name="refusal"),
        thought_tokens=token_count(thoughts, subject=subject, name="reasoning_tokens"),
    )


def choices_of(reply: Any, *, subject: str) -> list[Any]:
    """Raises ModelError when what came back is not a chat completion."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list):
        raise ModelError(f"{subject}: the reply is no chat completion; is base_url that of an OpenAI-compatible API?")
    return choices


def completion_of(
    reply: Mapping[str, Any],
    choice: Mapping[str, Any],
    usage: Mapping[str, Any],
    text: str,
    *,
    subject: str,
    logprobs: Any,
) -> Completion:
    """What replies of the chat route and of the completion route have in common; ids are vLLM's."""
    details = record(usage.get("prompt_tokens_details"))
    counts = {
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "cached_tokens": details.get("cached_tokens"),
    }
    try:
        return Completion(
            text=text,
            **{name: token_count(value, subject=subject, name=name) for name, value in counts.items()},
            finish_reason=text_field(choice.get("finish_reason"), subject=subject, name="finish_reason"),
            prompt_token_ids=choice.get("prompt_token_ids", reply.get("prompt_token_ids")),
            token_ids=choice.get("token_ids"),
            logprobs=logprobs,
        )
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(key) for key in fault["loc"])
        raise ModelError(f"{subject}: the reply's {where} cannot be read: {fault['msg']}") from None


def record(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _logprobs(choice: Mapping[str, Any]) -> list[Any] | None:
    listed = record(choice.get("logprobs")).get("content")
    return [record(entry).get("logprob") for entry in listed] if isinstance(listed, list) else None

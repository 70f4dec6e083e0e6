"""Our messages, completions and errors from and to the wire format of OpenAI's chat API."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from webarena_runner.errors import EpisodeError, ModelError, ModelExhausted, ModelRefused, PromptTooLong
from webarena_runner.models.shared.formats import ExampleRoles, example_role
from webarena_runner.models.shared.retry import Transient, retry_after_s
from webarena_runner.models.shared.wire import data_url
from webarena_runner.types import Completion, Message, Sampling

# Servers share no code for it; the texts are those of OpenAI, vLLM, TGI and llama.cpp.
_TOO_LONG = re.compile(
    r"context.{0,10}(length|window|size)|maximum (input|model) length|`inputs` tokens|inputs must have less", re.I
)
_MAY_PASS = {408, 409, 425, 429}


def wire_messages(messages: Sequence[Message], example_roles: ExampleRoles) -> list[dict[str, Any]]:
    """`official`: examples are system messages with a name; `turns`: they are earlier user and assistant turns."""
    wired = []
    for message in messages:
        entry: dict[str, Any] = {"role": message.role, "content": _content(message)}
        if message.name and example_roles == "turns":
            entry["role"] = example_role(message) or message.role
        elif message.name:
            entry["name"] = message.name
        wired.append(entry)
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


def read_completion(reply: ChatCompletion, *, subject: str) -> Completion:
    """Text and usage of a reply; a reply without choices or content is an empty text.

    Raises:
        ModelError: what came back is not a chat completion.
    """
    # The SDK checks no types: another kind of server gives None here, or a string instead of the whole reply.
    choices: Any = getattr(reply, "choices", None)
    if not isinstance(choices, list):
        raise ModelError(f"{subject}: the reply is no chat completion; is base_url that of an OpenAI-compatible API?")
    usage: Any = reply.usage
    details: Any = getattr(usage, "prompt_tokens_details", None)
    choice: Any = choices[0] if choices else None
    message: Any = getattr(choice, "message", None)
    listed: Any = getattr(getattr(choice, "logprobs", None), "content", None)
    return Completion(
        text=_encodable(getattr(message, "content", None) or ""),
        prompt_tokens=getattr(usage, "prompt_tokens", None) or 0,
        completion_tokens=getattr(usage, "completion_tokens", None) or 0,
        cached_tokens=getattr(details, "cached_tokens", None) or 0,
        finish_reason=getattr(choice, "finish_reason", None) or "",
        # Ids are vLLM's, to its parameter return_token_ids.
        prompt_token_ids=_tuple(getattr(reply, "prompt_token_ids", None)),
        token_ids=_tuple(getattr(choice, "token_ids", None)),
        logprobs=_tuple(None if listed is None else [entry.logprob for entry in listed]),
    )


def _tuple(values: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def _encodable(text: str) -> str:
    """Half of an emoji, as a model at its token limit leaves it, cannot be written to disk."""
    return text.encode("utf-8", "replace").decode("utf-8")


def read_error(
    error: openai.APIError, *, subject: str, timeout_s: float, redact: Callable[[str], str]
) -> EpisodeError | Transient:
    """What an SDK error means: Transient when another attempt may succeed, else the error of the episode."""
    if isinstance(error, openai.APITimeoutError):
        return Transient(f"no reply within {timeout_s:g} s")
    if isinstance(error, openai.APIConnectionError):
        return Transient(redact(f"connection failed: {error.__cause__ or error}"))
    if not isinstance(error, openai.APIStatusError):
        return Transient(redact(f"unreadable reply: {error}"))
    status, text = error.status_code, redact(_error_text(error))
    message = f"HTTP {status}: {text}"
    if status == 402 or error.code == "insufficient_quota":
        return ModelExhausted(f"{subject}: {message}; the account has no credit left")
    if status in _MAY_PASS or status >= 500:
        return Transient(message, retry_after_s(error.response.headers))
    if status in (401, 403):
        return ModelRefused(f"{subject}: the API key was not accepted ({message})")
    if status == 413 or error.code == "context_length_exceeded" or _TOO_LONG.search(text):
        return PromptTooLong(f"{subject}: {message}")
    return ModelRefused(f"{subject}: {message}")


def _error_text(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail") or body
    return " ".join(str(body or error.response.text or error.response.reason_phrase).split())[:500]

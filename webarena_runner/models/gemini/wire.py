"""Prompts, settings and replies of the Gemini API as plain values; each SDK turns them into its own types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from webarena_runner.errors import ModelBlocked
from webarena_runner.log.wellformed import well_formed
from webarena_runner.models.shared.answers import blocked, is_filtered, limit_spent
from webarena_runner.models.shared.formats import example_role
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.wire import media_type
from webarena_runner.types import Completion, Message, Sampling, ToolCall

Mode = Literal["chat", "single"]
SystemAs = Literal["instruction", "user_turn"]
Role = Literal["user", "model"]
# Ended although nothing was wrong with prompt and reply: another attempt gives a text.
_GLITCHES = {"", "STOP", "FINISH_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"}
_UNSPECIFIED = {"BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"}
_ROLES: dict[str, Role] = {"system": "user", "user": "user", "assistant": "model", "tool": "user"}


@dataclass(frozen=True)
class Image:
    data: bytes
    mime_type: str


@dataclass(frozen=True)
class Result:
    """What came of a call of an earlier turn."""

    call: ToolCall
    text: str


Part = str | Image | ToolCall | Result


@dataclass(frozen=True)
class Content:
    """One turn. The API wants user and model to alternate."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Prompt:
    """`functions` are what the model is to call one of: name, description and parameters of each."""

    contents: tuple[Content, ...]
    system: str = ""
    functions: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Settings:
    """What of GenerationConfig the model file sets; None leaves the server's default. Names are the API's."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    response_mime_type: str | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None

    def with_sampling(self, sampling: Sampling) -> "Settings":
        return replace(
            self,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_output_tokens=sampling.max_tokens,
            stop_sequences=sampling.stop,
            seed=sampling.seed,
        )


@dataclass(frozen=True)
class Reply:
    """The first candidate with a text or a call, or else the first; `ratings` are as `CATEGORY=PROBABILITY`."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    candidates: int = 0
    finish_reason: str = ""
    block_reason: str = ""
    message: str = ""
    ratings: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """What the server says of a model; `methods` are empty where it does not say."""

    input_tokens: int | None
    methods: tuple[str, ...] = ()


class Sdk(Protocol):
    """One of Google's packages over our HTTP client; raises what `_gemini_http` raises, and makes no retries."""

    async def generate(self, model: str, prompt: Prompt, settings: Settings) -> Reply: ...

    async def count_tokens(self, model: str, text: str) -> int: ...

    async def facts(self, model: str) -> ModelFacts: ...

    async def model_names(self) -> list[str]:
        """Without the prefix `models/`."""
        ...

    async def aclose(self) -> None: ...


def as_chat(messages: Sequence[Message], system_as: SystemAs) -> Prompt:
    """Examples are earlier turns; instructions are the system instruction, or a user turn that has been answered."""
    text = "\n\n".join(message.content for message in messages if _instructs(message))
    contents: list[Content] = []
    if text and system_as == "user_turn":
        contents = [Content("user", (f"Your instructions:\n\n{text}",)), Content("model", ("Understood.",))]
    for message in (message for message in messages if not _instructs(message)):
        role = _ROLES[example_role(message) or message.role]
        parts = _parts(message)
        if contents and contents[-1].role == role:
            contents[-1] = Content(role, contents[-1].parts + parts)
        else:
            contents.append(Content(role, parts))
    return Prompt(tuple(contents), system=text if system_as == "instruction" else "")


def as_single(messages: Sequence[Message]) -> Prompt:
    """One user turn that reads like a transcript and stops where the next action belongs."""
    parts: list[Part] = []
    shown = False
    for message in messages:
        role = example_role(message) or message.role
        if message.name and not shown:
            parts.append("Some pages, each with the action that was right for it:\n\n")
            shown = True
        if role == "user" and not message.name and shown:
            parts.append("Now the page that you are to act on:\n\n")
        begin = {"user": "PAGE:\n", "assistant": "ACTION: "}.get(role, "")
        parts += [*_images(message), f"{begin}{message.content}\n\n"]
    return Prompt((Content("user", tuple(_joined([*parts, "ACTION:"]))),))


def _instructs(message: Message) -> bool:
    return message.role == "system" and example_role(message) is None


def _parts(message: Message) -> tuple[Part, ...]:
    if message.answers is not None:
        return (Result(message.answers, message.content),)
    # The API refuses a part with an empty text.
    text = (message.content,) if message.content or not message.tool_calls else ()
    return (*_images(message), *text, *message.tool_calls)


def _images(message: Message) -> tuple[Image, ...]:
    """Before the text, as Google advises."""
    return tuple(Image(image, media_type(image)) for image in message.images)


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Neighbouring texts as one part."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def read_reply(reply: Reply, *, subject: str) -> Completion:
    """The reply as a completion; its completion tokens include those of the model's thoughts, which are paid for.

    Raises:
        NoAnswer: a filter ended it, or the whole reply limit went into thoughts.
        Transient: there is no text, and no reason for it.
    """
    completion = Completion(
        text=well_formed(reply.text),
        tool_calls=reply.calls,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens + reply.thought_tokens,
        cached_tokens=reply.cached_tokens,
        finish_reason=reply.finish_reason,
    )
    more = "".join(
        [f": {reply.message}" if reply.message else "", f" ({', '.join(reply.ratings)})" if reply.ratings else ""]
    )
    if completion.said.strip():
        if is_filtered(completion):
            raise blocked(completion, subject=subject, reason=f"finishReason {reply.finish_reason}{more}")
        return completion
    if reply.block_reason and reply.block_reason not in _UNSPECIFIED:
        message = f"{subject}: the prompt was blocked, blockReason {reply.block_reason}{more}"
        raise ModelBlocked(message, completion=completion)
    if not reply.candidates:
        raise Transient(f"the reply has no candidates and no blockReason{more}")
    if completion.is_cut:
        remedy = "or lower the option thinking_budget or thinking_level"
        raise limit_spent(completion, subject=subject, thought_tokens=reply.thought_tokens, remedy=remedy)
    if reply.finish_reason not in _GLITCHES:
        raise blocked(completion, subject=subject, reason=f"finishReason {reply.finish_reason}{more}")
    raise Transient(f"an empty reply, finishReason {reply.finish_reason or 'missing'}{more}")

"""The records of what a model is asked and what it says."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, FiniteFloat, PositiveInt

from webarena_runner.types.record import Record, is_empty, is_none


class ToolCall(Record):
    """A function that a reply calls; `arguments` are the JSON that the model wrote, which may be malformed.

    `id` is "" where the server gives none. `signature` is what some servers want back with the call.
    """

    name: str
    arguments: str
    id: str = ""
    signature: str = Field(default="", exclude_if=is_empty, repr=False)

    def __str__(self) -> str:
        return f"{self.name}({self.arguments})"


class Message(Record):
    """One chat message; `name` is the official example_user / example_assistant mark; `images` are encoded images.

    `tool_calls` are those of a past reply; `answers` is the call whose result a message with the role `tool` is.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = Field(default=(), exclude_if=is_empty)
    answers: ToolCall | None = Field(default=None, exclude_if=is_none)
    images: tuple[bytes, ...] = Field(default=(), repr=False, exclude=True)


class Sampling(Record):
    """Sampling parameters of one request; None leaves the server's default."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """official 1.0; a model file may set its own"""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """official 0.9"""
    max_tokens: PositiveInt | None = None
    """tokens of a reply; official 384"""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """texts that end a reply, none of them empty; official: none for chat models"""
    seed: int | None = None
    """sampling seed of trial 0, one more for each further trial (--seed); official: none, so that replies differ"""


_CUT = {"length", "max_tokens"}


class Completion(Record):
    """One model reply; token counts are the server's own (0: it sent none), latency includes retries.

    `cost_usd` is by the model file's prices; None when it has none. `seed` is what was asked for. The last three
    are there, and on disk, only with the backend's option `logprobs`: ids where the server gives them, and the natural
    logarithm of the probability of each generated token, the one that ended the reply included; before temperature,
    unless the server has it otherwise.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = Field(default=(), exclude_if=is_empty)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    latency_s: FiniteFloat = 0.0
    finish_reason: str = ""
    retries: int = 0
    cost_usd: FiniteFloat | None = None
    seed: int | None = Field(default=None, exclude_if=is_none)
    prompt_token_ids: tuple[int, ...] | None = Field(default=None, exclude_if=is_none, repr=False)
    token_ids: tuple[int, ...] | None = Field(default=None, exclude_if=is_none, repr=False)
    logprobs: tuple[float, ...] | None = Field(default=None, exclude_if=is_none, repr=False)

    @property
    def said(self) -> str:
        """The text, and each call in a line of its own."""
        return "\n".join([*([self.text] if self.text else []), *map(str, self.tool_calls)])

    @property
    def is_cut(self) -> bool:
        """Whether the reply ended at its limit, as the APIs call it."""
        return self.finish_reason.lower() in _CUT

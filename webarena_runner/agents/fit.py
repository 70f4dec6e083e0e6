"""How much of a page fits the prompt: the profile's limit, and what the model's context window leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

from webarena_runner.errors import PromptTooLong
from webarena_runner.interfaces import ModelBackend
from webarena_runner.types import Message

# What a chat template adds around one message, rounded up, and the official reply limit.
MESSAGE_TOKENS = 10
REPLY_TOKENS = 384
# A screenshot of 1280 x 720, rounded up: LLaVA 576, GPT-4 Turbo and GPT-4o 1105, Qwen-VL 1196, Gemini 258 to 1120.
IMAGE_TOKENS = 1200


@dataclass(frozen=True)
class Fitted:
    """The head of an observation; `note` says how it was cut, where not by the model's own tokenizer."""

    text: str
    cut_tokens: int = 0
    note: str = ""


class Fitter:
    """Cuts the observation and nothing else. `max_length` is the profile's, in the unit that the backend names."""

    def __init__(
        self, model: ModelBackend, *, prompt_name: str, max_length: int | None, reply_tokens: int | None
    ) -> None:
        self._model = model
        self._prompt_name = prompt_name
        self._max_length = max_length
        self._reply_tokens = reply_tokens or REPLY_TOKENS
        self._counted: tuple[str, int] | None = None

    async def fit(self, observation: str, around: Sequence[Message], *, images: int = 0) -> Fitted:
        """`around` is the prompt with an empty observation, which is in its last message.

        Raises:
            PromptTooLong: even without any observation it does not fit.
        """
        by_characters = self._model.observation_unit == "characters"
        head = observation[: self._max_length] if by_characters else observation
        limit = await self._limit(head, around, images, None if by_characters else self._max_length)
        cut = await self._cut(head, limit)
        left_out = len(observation) - len(head)
        if not left_out:
            return cut
        note = f"the observation was cut to {self._max_length} characters"
        cut_tokens = cut.cut_tokens + await self._model.count_tokens(observation[-left_out:])
        return Fitted(cut.text, cut_tokens, "; ".join(filter(None, (note, cut.note))))

    async def _cut(self, text: str, limit: int | None) -> Fitted:
        # No token is shorter than a byte.
        if limit is None or len(text.encode()) <= limit or (total := await self._model.count_tokens(text)) <= limit:
            return Fitted(text)
        note = "the observation was cut by an estimate of its tokens" if self._model.estimates_tokens else ""
        return Fitted(await self._model.truncate(text, limit), total - limit, note)

    async def _limit(self, text: str, around: Sequence[Message], images: int, limit: int | None) -> int | None:
        """Tokens that `text` may have; None: it fits whole."""
        window = self._model.context_window
        if window is None:
            return limit
        rest = (
            await self._count_before(around[:-1])
            + MESSAGE_TOKENS * (len(around) + 1)
            + IMAGE_TOKENS * images
            + self._reply_tokens
        )
        current = around[-1].content
        # No token is shorter than a byte: mostly this settles it, and saves asking the tokenizer.
        longest = len(text.encode()) if limit is None else limit
        if rest + len(current.encode()) + longest <= window:
            return limit
        room = window - rest - await self._model.count_tokens(current)
        if room <= 0:
            raise PromptTooLong(
                f"prompt '{self._prompt_name}' without any page, and the reply, take {window - room} tokens; the "
                f"context window is {window}: use a model with a larger one, a shorter prompt, or a smaller "
                "sampling.max_tokens"
            )
        return room if limit is None else min(limit, room)

    async def _count_before(self, messages: Sequence[Message]) -> int:
        """Tokens of what stands before the page, which many agents have the same in every step."""
        text = "\n".join(line for message in messages for line in (message.content, *map(str, message.tool_calls)))
        if self._counted is None or self._counted[0] != text:
            self._counted = text, await self._model.count_tokens(text)
        return self._counted[1]

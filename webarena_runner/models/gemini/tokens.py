"""Token counts for Gemini, whose server counts but does not cut: by words, or by requests to it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice

from webarena_runner.models.shared.tokens import CHARACTERS_PER_TOKEN

WORDS_PER_100_TOKENS = 60
_WORD = re.compile(r"\S+")


class WordEstimate:
    """100 tokens are about 60 to 80 words, as Google documents.

    By 60 words, and never fewer tokens than `Estimate` says: some scripts have no spaces, and URLs are long words.
    """

    is_estimate = True

    async def count(self, text: str) -> int:
        words = sum(1 for _ in _WORD.finditer(text))
        return max(-(-words * 100 // WORDS_PER_100_TOKENS), -(-len(text) // CHARACTERS_PER_TOKEN))

    async def head(self, text: str, max_tokens: int) -> str:
        head = text[: max_tokens * CHARACTERS_PER_TOKEN]
        first_left_out = next(islice(_WORD.finditer(head), max_tokens * WORDS_PER_100_TOKENS // 100, None), None)
        return head[: first_left_out.start()] if first_left_out else head


@dataclass(frozen=True)
class ServerCounts:
    """Counts by request; a text is shortened until its count fits."""

    ask: Callable[[str], Awaitable[int]]
    is_estimate = False

    async def count(self, text: str) -> int:
        return await self.ask(text) if text else 0

    async def head(self, text: str, max_tokens: int) -> str:
        """Fits, and is a few tokens shorter than could be."""
        while text and (counted := await self.ask(text)) > max_tokens:
            text = text[: max(0, len(text) * max_tokens // counted - 1)]
        return text

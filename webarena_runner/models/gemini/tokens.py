"""Token counts by the Gemini API itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerCounts:
    """Token counts by request; the server does not cut, so a text is shortened until its count fits."""

    ask: Callable[[str], Awaitable[int]]
    is_estimate = False

    async def count(self, text: str) -> int:
        return await self.ask(text) if text else 0

    async def head(self, text: str, max_tokens: int) -> str:
        """Fits, and is a few tokens shorter than could be."""
        while text and (counted := await self.ask(text)) > max_tokens:
            text = text[: max(0, len(text) * max_tokens // counted - 1)]
        return text

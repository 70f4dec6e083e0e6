"""Counting and cutting text by TGI's `/tokenize`."""

from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import ModelError
from webarena_runner.log.wellformed import well_formed
from webarena_runner.models.tgi.api import TgiServer


@dataclass(frozen=True)
class TgiTokens:
    """The route adds special tokens, which stand for no text; they are not counted."""

    server: TgiServer
    is_estimate = False

    async def count(self, text: str) -> int:
        return len(await self._ends(well_formed(text)))

    async def head(self, text: str, max_tokens: int) -> str:
        text = well_formed(text)
        ends = await self._ends(text)
        if len(ends) <= max_tokens:
            return text
        end = ends[max_tokens - 1] if max_tokens else 0
        # Depending on the version, offsets are characters or bytes; the last one shows which.
        if ends[-1] <= len(text):
            return text[:end]
        return text.encode()[:end].decode(errors="ignore")

    async def _ends(self, text: str) -> list[int]:
        """Where each token ends in the text."""
        if not text:
            return []
        # Like page text in prompts: an image's Markdown would be fetched. A full stop keeps the length.
        body = {"inputs": text.replace("![](", "!.](")}
        tokens, _ = await self.server.post("/tokenize", body, read=lambda answer: answer.body)
        ends = [each["stop"] for each in tokens if each["stop"] > each["start"]] if _is_list(tokens) else []
        if not ends:
            raise ModelError(
                "/tokenize answered without tokens; set the option `tokenizer` of the model to another kind"
            )
        return ends


def _is_list(tokens: Any) -> bool:
    return isinstance(tokens, list) and all(
        isinstance(each, dict) and isinstance(each.get("start"), int) and isinstance(each.get("stop"), int)
        for each in tokens
    )

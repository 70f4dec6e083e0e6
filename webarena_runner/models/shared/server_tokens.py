"""Counting and cutting text by the model server's own tokenizer routes."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from webarena_runner.errors import ModelError

Dialect = Literal["server", "llama.cpp"]
Post = Callable[[str, dict[str, Any]], Awaitable[Any]]
KEPT_TEXTS = 32


@dataclass
class ServerTokens:
    """`server` is vLLM's form of `/tokenize` and `/detokenize`; `post` takes a path beside `/v1` and a JSON body.

    A page is counted and then cut, so that the tokens of the last texts are kept: one for each of many episodes.
    """

    post: Post
    dialect: Dialect
    model: Callable[[], Awaitable[str]]
    is_estimate = False
    _known: dict[str, list[int]] = field(default_factory=dict, init=False)

    async def count(self, text: str) -> int:
        return len(await self._ids(text))

    async def head(self, text: str, max_tokens: int) -> str:
        ids = await self._ids(text)
        if len(ids) <= max_tokens:
            return text
        body: dict[str, Any] = {"tokens": ids[:max_tokens]}
        if self.dialect == "server":
            body["model"] = await self.model()
        reply = await self.post("/detokenize", body)
        head = reply.get("prompt" if self.dialect == "server" else "content") if isinstance(reply, dict) else None
        if not isinstance(head, str):
            raise ModelError(f"/detokenize answered without the text; {_REMEDY}")
        return head

    async def single(self, texts: Collection[str]) -> frozenset[str]:
        """Which of the texts, none with a line break, are one token each; none where a server does not name tokens."""
        joined = "\n".join(sorted(texts))
        if self.dialect == "server":
            named = (await self._tokenize(joined, {"return_token_strs": True})).get("token_strs") or ()
        else:
            tokens = (await self._tokenize(joined, {"with_pieces": True, "parse_special": True})).get("tokens") or ()
            named = [token.get("piece") for token in tokens if isinstance(token, dict)]
        return frozenset(texts).intersection(text for text in named if isinstance(text, str))

    async def _tokenize(self, text: str, more: dict[str, Any]) -> dict[str, Any]:
        if self.dialect == "server":
            body = {"model": await self.model(), "prompt": text, "add_special_tokens": False}
        else:
            body = {"content": text, "add_special": False}
        reply = await self.post("/tokenize", body | more)
        return reply if isinstance(reply, dict) else {}

    async def _ids(self, text: str) -> list[int]:
        if known := self._known.get(text):
            return known
        ids = (await self._tokenize(text, {})).get("tokens")
        if not isinstance(ids, list) or (text and not ids):
            raise ModelError(f"/tokenize answered without tokens; {_REMEDY}")
        if len(self._known) >= KEPT_TEXTS:
            del self._known[next(iter(self._known))]
        self._known[text] = ids
        return ids


_REMEDY = "set the option `tokenizer` of the model to another kind"

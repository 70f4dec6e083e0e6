"""Counting and cutting text by the model server's own tokenizer routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from webarena_runner.errors import ModelError

Dialect = Literal["server", "llama.cpp"]
Post = Callable[[str, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class ServerTokens:
    """`server` is vLLM's form of `/tokenize` and `/detokenize`; `post` takes a path beside `/v1` and a JSON body."""

    post: Post
    dialect: Dialect
    model: Callable[[], Awaitable[str]]
    is_estimate = False

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

    async def _ids(self, text: str) -> list[int]:
        if self.dialect == "server":
            body = {"model": await self.model(), "prompt": text, "add_special_tokens": False}
        else:
            body = {"content": text, "add_special": False}
        reply = await self.post("/tokenize", body)
        ids = reply.get("tokens") if isinstance(reply, dict) else None
        if not isinstance(ids, list) or (text and not ids):
            raise ModelError(f"/tokenize answered without tokens; {_REMEDY}")
        return ids


_REMEDY = "set the option `tokenizer` of the model to another kind"

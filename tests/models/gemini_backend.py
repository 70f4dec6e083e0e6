"""Backends for the fake Gemini server, over either SDK."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.models.fake_gemini import GeminiServer
from webarena_runner.models.gemini.backend import Gemini
from webarena_runner.settings.records import ModelSpec

SDKS = ("google-genai", "google-generativeai")
QUICK = {"retry_first_wait_s": 0.01, "retry_longest_wait_s": 0.02, "max_retries": 3, "timeout_s": 5}
Connect = Callable[..., Gemini]


def spec_for(server: GeminiServer, sdk: str, *, model: str = "tiny", **options: Any) -> ModelSpec:
    context_window = options.pop("context_window", None)
    return ModelSpec(
        name="under-test",
        backend="gemini",
        model=model,
        context_window=context_window,
        options={"base_url": server.base_url, "sdk": sdk} | QUICK | options,
    )


@asynccontextmanager
async def connecting(server: GeminiServer, sdk: str) -> AsyncIterator[Connect]:
    """Gives a function that makes backends; closes them at the end."""
    async with AsyncExitStack() as stack:

        def make(*, key: str = "any-key", **change: Any) -> Gemini:
            backend = Gemini(spec_for(server, sdk, **change), environ={"GEMINI_API_KEY": key})
            stack.push_async_callback(backend.aclose)
            return backend

        yield make

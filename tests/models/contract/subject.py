"""What the contract needs to know of a backend: how to open it, and, where its engine is a fake, how to break that."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from tests.models.fake_openai import Reply, Server
from webarena_runner.interfaces import ModelBackend, RequestTag
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
# Every backend that asks a server takes these options by these names.
QUICK: Mapping[str, Any] = {
    "timeout_s": 60.0,  # beyond any pause of a busy machine
    "max_retries": 3,
    "retry_first_wait_s": 0.001,
    "retry_longest_wait_s": 0.002,
}


class ErrorReply(Protocol):
    """An error as the API documents it."""

    def __call__(self, status: int, message: str, *, headers: dict[str, str] | None = None) -> Reply: ...


@dataclass(frozen=True)
class Fake:
    """A backend whose engine is a server on loopback, one for each test.

    `whole` is the body of a good reply, `attempts` counts the requests for one that the server has had.
    """

    make_server: Callable[[], Server]
    make_backend: Callable[[Server, Mapping[str, Any]], ModelBackend]
    error: ErrorReply
    whole: Any
    attempts: Callable[[Server], int] = lambda server: len(server.chats)

    @asynccontextmanager
    async def connect(self, server: Server, **options: Any) -> AsyncIterator[ModelBackend]:
        """A backend that has been checked against the running server."""
        async with opened(self.make_backend(server, {**QUICK, **options})) as backend:
            yield backend


@asynccontextmanager
async def opened(backend: ModelBackend) -> AsyncIterator[ModelBackend]:
    """Checked, which starts a real engine, and closed at the end."""
    try:
        await backend.check()
        yield backend
    finally:
        await backend.aclose()


def spec_of(backend: str, model: str, options: Mapping[str, Any], **fields: Any) -> ModelSpec:
    return ModelSpec(name="under-test", backend=backend, model=model, options=dict(options), **fields)


async def ask(backend: ModelBackend, text: str, **sampling: Any) -> Completion:
    return await backend.generate([Message(role="user", content=text)], Sampling(**sampling), tag=TAG)

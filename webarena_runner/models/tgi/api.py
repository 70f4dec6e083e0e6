"""A connection to one Text Generation Inference server: requests with retries, errors in our terms, readiness."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from webarena_runner.errors import EpisodeError, ModelRefused
from webarena_runner.models.shared.error_replies import (
    TOO_MANY_REQUESTS,
    error_in_success,
    is_spent,
    meaning,
    read_error_reply,
)
from webarena_runner.models.shared.health import root_url, wait_healthy
from webarena_runner.models.shared.http import HttpClient, HttpReply
from webarena_runner.models.shared.retry import AskedTooMuch, RetryPolicy, Transient, retry_after_s, with_retries

Read = TypeVar("Read")
logger = logging.getLogger(__name__)

# TGI's router names what went wrong; these come from load or from one failed batch, not from the request.
_PASSING_TYPES = {"overloaded", "generation", "incomplete_generation", "healthcheck"}


@dataclass(frozen=True)
class Answer:
    """JSON and headers of a reply."""

    body: Any
    headers: Mapping[str, str]


class TgiServer:
    """`subject` begins every error text; the key appears in none."""

    def __init__(self, base_url: str, key: str, *, subject: str, policy: RetryPolicy, timeout_s: float) -> None:
        self.subject = subject
        self._key = key
        self._policy = policy
        # The server refuses what exceeds its own limit (429) instead of queueing it; known after `narrow`.
        self._slots: asyncio.Semaphore | None = None
        self._root = root_url(base_url)
        self._http = HttpClient(
            self._root, timeout_s=timeout_s, headers={"Authorization": f"Bearer {key}"} if key else {}
        )

    def narrow(self, max_concurrent_requests: int) -> None:
        """No more requests in flight than the server takes, waits between attempts included."""
        self._slots = asyncio.Semaphore(max_concurrent_requests)

    async def post(self, path: str, body: dict[str, Any], *, read: Callable[[Answer], Read]) -> tuple[Read, int]:
        """What `read` makes of the reply, and how many attempts failed before it.

        Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries.
        """

        async def attempt() -> Read:
            return read(await self._request("POST", path, body))

        async with self._slots or nullcontext():
            return await with_retries(attempt, self._policy, subject=self.subject)

    @property
    def refusals(self) -> int:
        """How often the server said that it is asked too much."""
        return self._policy.refusals.count

    async def get(self, path: str) -> Any:
        """JSON by one attempt; raises Transient when another may succeed."""
        return (await self._request("GET", path)).body

    async def wait_ready(self, limit_s: float) -> None:
        """Raises Transient when `/health` is not well within the limit, ModelRefused when there is no such route."""

        def report(waited_s: float, reason: str) -> None:
            logger.warning("%s: not ready for %.0f s (%s); waiting up to %g s", self.subject, waited_s, reason, limit_s)

        try:
            await wait_healthy(self._http, f"{self._root}/health", limit_s=limit_s, report=report)
        except ModelRefused as error:
            raise ModelRefused(f"{self.subject}: {self._redact(str(error))}") from None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        try:
            reply = await self._http.request(method, path, body)
            decoded = reply.json() if reply.is_success else None
        except Transient as error:
            raise Transient(self._redact(str(error))) from None
        if not reply.is_success:
            raise self._meaning(reply)
        fault = error_in_success(decoded, reply.headers)
        if fault is not None:
            raise meaning(fault, subject=self.subject, redact=self._redact)
        return Answer(decoded, reply.headers)

    def _meaning(self, reply: HttpReply) -> EpisodeError | Transient:
        error = read_error_reply(reply)
        message = self._redact(error.message)
        if error.codes & _PASSING_TYPES and not is_spent(error):
            told = AskedTooMuch if reply.status == TOO_MANY_REQUESTS else Transient
            return told(message, retry_after_s(reply.headers))
        if "template_error" in error.codes:
            advice = "set the option prompt_format (completion for base models)"
            return ModelRefused(f"{self.subject}: {message}; {advice}")
        if error.status in (404, 405):
            return ModelRefused(f"{self.subject}: {message}; is base_url that of a TGI server?")
        return meaning(error, subject=self.subject, redact=self._redact)

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

"""A connection to one Text Generation Inference server: requests with retries, errors in our terms, readiness."""

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import Any

import httpx

from webarena_runner.errors import EpisodeError, ModelRefused, PromptTooLong
from webarena_runner.models.shared.health import PASSING_STATUSES, error_of, root_url, told_of, wait_healthy
from webarena_runner.models.shared.retry import RetryPolicy, Transient, retry_after_s, with_retries
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S, is_local

logger = logging.getLogger(__name__)

# TGI's router names what went wrong; these come from load or from one failed batch, not from the request.
_PASSING_TYPES = {"overloaded", "generation", "incomplete_generation", "healthcheck"}
_TOO_LONG = re.compile(r"`?inputs`? (tokens \+ `max_new_tokens`|must have less than)", re.I)


@dataclass(frozen=True)
class Answer:
    """JSON and headers of a reply, and how many attempts failed before it."""

    body: Any
    headers: httpx.Headers
    retries: int = 0


class TgiServer:
    """`subject` begins every error text; the key appears in none."""

    def __init__(self, base_url: str, key: str, *, subject: str, policy: RetryPolicy, timeout_s: float) -> None:
        self.subject = subject
        self._key = key
        self._policy = policy
        self._timeout_s = timeout_s
        # The server refuses what exceeds its own limit (429) instead of queueing it; known after `narrow`.
        self._slots: asyncio.Semaphore | None = None
        self._client = httpx.AsyncClient(
            base_url=root_url(base_url),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            limits=httpx.Limits(max_connections=None),
            # A proxy of the environment cannot reach servers on this machine.
            trust_env=not is_local(base_url),
        )

    def narrow(self, max_concurrent_requests: int) -> None:
        """No more requests in flight than the server takes, waits between attempts included."""
        self._slots = asyncio.Semaphore(max_concurrent_requests)

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries."""

        async def attempt() -> Answer:
            return await self._request("POST", path, body)

        if self._slots is None:
            answer, retries = await with_retries(attempt, self._policy, subject=self.subject)
        else:
            async with self._slots:
                answer, retries = await with_retries(attempt, self._policy, subject=self.subject)
        return Answer(answer.body, answer.headers, retries)

    async def get(self, path: str) -> Any:
        """JSON by one attempt; raises Transient when another may succeed."""
        return (await self._request("GET", path)).body

    async def wait_ready(self, limit_s: float) -> None:
        """Raises Transient when `/health` is not well within the limit, ModelRefused when there is no such route."""

        def report(waited_s: float, reason: str) -> None:
            logger.warning("%s: not ready for %.0f s (%s); waiting up to %g s", self.subject, waited_s, reason, limit_s)

        try:
            await wait_healthy(self._client, "/health", limit_s=limit_s, report=report)
        except ModelRefused as error:
            raise ModelRefused(f"{self.subject}: {self._redact(str(error))}") from None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.request(method, path, json=body)
        except TimeoutError:
            raise Transient(f"no reply within {self._timeout_s:g} s") from None
        except httpx.RequestError as error:
            raise Transient(self._redact(f"connection failed: {told_of(error)}")) from None
        if not response.is_success:
            raise self._meaning(response)
        try:
            return Answer(json.loads(response.content.decode("utf-8", "replace")), response.headers)
        except ValueError as error:
            raise Transient(f"the reply is not JSON: {error}") from None

    def _meaning(self, response: httpx.Response) -> EpisodeError | Transient:
        status = response.status_code
        text, error_type = error_of(response)
        message = self._redact(f"HTTP {status}: {text}")
        if error_type in _PASSING_TYPES or status in PASSING_STATUSES or status >= 500:
            return Transient(message, retry_after_s(response.headers))
        if status in (401, 403):
            return ModelRefused(f"{self.subject}: the API key was not accepted ({message})")
        if status == 413 or _TOO_LONG.search(text):
            return PromptTooLong(f"{self.subject}: {message}")
        if error_type == "template_error":
            return ModelRefused(f"{self.subject}: {message}; set the option prompt_format (completion for base models)")
        if status in (404, 405):
            return ModelRefused(f"{self.subject}: {message}; is base_url that of a TGI server?")
        return ModelRefused(f"{self.subject}: {message}")

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

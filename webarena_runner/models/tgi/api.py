"""A connection to one Text Generation Inference server: requests with retries, errors in our terms, readiness."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception_type, stop_after_delay, stop_never
from tenacity import wait_fixed as wait_seconds

from webarena_runner.errors import EpisodeError, ModelRefused, PromptTooLong
from webarena_runner.models.shared.retry import RetryPolicy, Transient, retry_after_s, with_retries
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S, is_local

logger = logging.getLogger(__name__)

HEALTH_EVERY_S = 0.25
# TGI's router names what went wrong; these come from load or from one failed batch, not from the request.
_PASSING_TYPES = {"overloaded", "generation", "incomplete_generation", "healthcheck"}
_PASSING_STATUSES = {408, 409, 424, 425, 429}
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

        def tell(waited_s: float, reason: str) -> None:
            logger.warning("%s: not ready for %.0f s (%s); waiting up to %g s", self.subject, waited_s, reason, limit_s)

        try:
            await wait_healthy(self._client, "/health", limit_s=limit_s, tell=tell)
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
            raise Transient(self._redact(f"connection failed: {_told(error)}")) from None
        if not response.is_success:
            raise self._meaning(response)
        try:
            return Answer(json.loads(response.content.decode("utf-8", "replace")), response.headers)
        except ValueError as error:
            raise Transient(f"the reply is not JSON: {error}") from None

    def _meaning(self, response: httpx.Response) -> EpisodeError | Transient:
        status = response.status_code
        text, error_type = _error_of(response)
        told = self._redact(f"HTTP {status}: {text}")
        if error_type in _PASSING_TYPES or status in _PASSING_STATUSES or status >= 500:
            return Transient(told, retry_after_s(response.headers))
        if status in (401, 403):
            return ModelRefused(f"{self.subject}: the API key was not accepted ({told})")
        if status == 413 or _TOO_LONG.search(text):
            return PromptTooLong(f"{self.subject}: {told}")
        if error_type == "template_error":
            return ModelRefused(f"{self.subject}: {told}; set the option prompt_format (completion for base models)")
        if status in (404, 405):
            return ModelRefused(f"{self.subject}: {told}; is base_url that of a TGI server?")
        return ModelRefused(f"{self.subject}: {told}")

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


async def wait_healthy(
    client: httpx.AsyncClient, url: str, *, limit_s: float | None, tell: Callable[[float, str], None]
) -> None:
    """Until `url` answers with success; `tell` hears at first and then every 10 s of the wait and its reason.

    Raises:
        Transient: not within the limit; its text is the last reason.
        ModelRefused: another kind of server is there.
    """

    async def attempt() -> None:
        try:
            response = await client.get(url, timeout=CONNECT_TIMEOUT_S)
        except httpx.RequestError as error:
            raise Transient(f"connection failed: {_told(error)}") from None
        if response.is_success:
            return
        told = f"HTTP {response.status_code}: {_error_of(response)[0]}"
        if response.status_code >= 500 or response.status_code in _PASSING_STATUSES:
            raise Transient(told)
        raise ModelRefused(f"GET {response.url} gives {told}; is another kind of server there?")

    def notice(state: RetryCallState) -> None:
        if state.attempt_number % round(10 / HEALTH_EVERY_S) == 1:
            tell(state.seconds_since_start or 0.0, str(state.outcome and state.outcome.exception()))

    retrying = AsyncRetrying(
        stop=stop_never if limit_s is None else stop_after_delay(limit_s),
        wait=wait_seconds(HEALTH_EVERY_S if limit_s is None else min(HEALTH_EVERY_S, limit_s / 10)),
        retry=retry_if_exception_type(Transient),
        before_sleep=notice,
    )
    try:
        await retrying(attempt)
    except RetryError as error:
        raise Transient(str(error.last_attempt.exception())) from None


def root_url(base_url: str) -> str:
    """TGI's own routes are beside `/v1`, not below it."""
    return base_url.rstrip("/").removesuffix("/v1")


def _error_of(response: httpx.Response) -> tuple[str, str]:
    """Text and `error_type` of a reply that is an error, whatever its form."""
    body: Any = None
    with contextlib.suppress(ValueError):
        body = response.json()
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    text = " ".join(str(error or response.text or response.reason_phrase).split())[:500]
    return text, str(body.get("error_type", "")) if isinstance(body, dict) else ""


def _told(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__

"""The HTTP connection to the Gemini API that both SDKs use, and what its error replies mean."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from webarena_runner.errors import EpisodeError, ModelExhausted, ModelRefused
from webarena_runner.models.shared.advice import advice
from webarena_runner.models.shared.error_replies import ErrorReply, is_spent
from webarena_runner.models.shared.error_replies import meaning as meaning_of
from webarena_runner.models.shared.http import KEEP_ALIVE_S, LimitedStream
from webarena_runner.models.shared.retry import AskedTooMuch, Transient, retry_after_s
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S, is_local

_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass
class Failure(Exception):
    """An error reply; `details` are those of google.rpc.Status, each with its `@type`."""

    status: int
    message: str
    details: list[dict[str, Any]]
    headers: Mapping[str, str]

    def find(self, kind: str) -> dict[str, Any]:
        """The first detail of a kind such as "RetryInfo"; {} when there is none."""
        return next((detail for detail in self.details if str(detail.get("@type")).endswith(f".{kind}")), {})


def connect(base_url: str, timeout_s: float) -> httpx.AsyncClient:
    """A client that raises Failure for an error reply and Transient for one that is not JSON.

    The SDKs would give each its own kind of error, and one of them would try again without saying so.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        # Loading certificates takes time, and without TLS they are of no use.
        verify=base_url.startswith("https:"),
        timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s), pool=None),
        # How many requests are under way is not decided here.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_ALIVE_S),
        # A proxy of the environment cannot reach servers on this machine.
        trust_env=not is_local(base_url),
        event_hooks={"response": [_check]},
    )


async def _check(response: httpx.Response) -> None:
    response.stream = LimitedStream(response.stream)
    await response.aread()
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    if response.is_success:
        if not isinstance(body, dict):
            raise Transient("the reply is not a JSON object; is base_url that of the Gemini API?")
        return
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    text = str(error.get("message") or response.text or response.reason_phrase)
    details = [detail for detail in error.get("details") or [] if isinstance(detail, dict)]
    raise Failure(response.status_code, " ".join(text.split())[:500], details, response.headers)


def meaning(failure: Failure, *, subject: str, key_env: str, redact: Callable[[str], str]) -> EpisodeError | Transient:
    """Transient when another attempt may succeed, else the error of the episode."""
    reason = str(failure.find("ErrorInfo").get("reason") or "")
    error = ErrorReply(
        failure.status, failure.message, frozenset({reason.lower()}), str(failure.details), failure.headers
    )
    message = redact(error.message)
    if failure.status == 429:
        return _quota(failure, error, message, subject)
    if reason in ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED"):
        return ModelRefused(f"{subject}: the API key was not accepted ({message}); check {key_env}")
    told = meaning_of(error, subject=subject, redact=redact, advise=advice)
    if isinstance(told, Transient) or failure.status == 499:
        return Transient(message, _wait_s(failure))
    if type(told) is ModelRefused and failure.status in (401, 403):
        return ModelRefused(f"{subject}: the API key was not accepted ({message}); check {key_env}")
    return told


def _quota(failure: Failure, error: ErrorReply, message: str, subject: str) -> EpisodeError | Transient:
    violations = failure.find("QuotaFailure").get("violations") or []
    daily = next((entry for entry in violations if "PerDay" in str(entry.get("quotaId"))), None)
    if daily is not None:
        value = f" of {daily['quotaValue']}" if daily.get("quotaValue") else ""
        return ModelExhausted(
            f"{subject}: the day's quota{value} is used up ({daily['quotaId']}); it is renewed at midnight Pacific "
            "time: resume the run then"
        )
    if is_spent(error):
        return ModelExhausted(f"{subject}: {message}")
    return AskedTooMuch(message, _wait_s(failure))


def _wait_s(failure: Failure) -> float | None:
    """Seconds that the server asks to wait, by google.rpc.RetryInfo or the headers."""
    delay = _DURATION.fullmatch(str(failure.find("RetryInfo").get("retryDelay", "")))
    return float(delay[1]) if delay else retry_after_s(failure.headers)

"""Repeating requests that failed for a reason that may pass."""

import logging
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception, stop_after_attempt

from webarena_runner.errors import ModelError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class Transient(Exception):
    """One attempt failed and another may succeed; `retry_after_s` is what the server asked for."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(Transient):
    """Nobody answered."""


class AskedTooMuch(Transient):
    """The server has no room for more requests, or lets us make no more of them for now."""


@dataclass
class Refusals:
    """How often a server said so."""

    count: int = 0


@dataclass(frozen=True)
class RetryPolicy:
    """Waits double from the first to the longest, each shortened at random by up to half.

    A server that asks for more than `patience_s` is taken at its word: no further attempt. `refusals` are those of all
    requests with this policy.
    """

    max_retries: int
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    patience_s: float = 120.0
    refusals: Refusals = field(default_factory=Refusals, compare=False)

    def wait_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Wait after the attempt with this number (from 1); never shorter than the server asked for."""
        if retry_after_s:
            return retry_after_s + random.uniform(0, min(1.0, 0.1 * retry_after_s))
        longest = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempt - 1, 30))
        return random.uniform(0.5, 1.0) * longest

    def allows(self, error: BaseException) -> bool:
        return isinstance(error, Transient) and (error.retry_after_s or 0) <= self.patience_s


async def with_retries(
    attempt: Callable[[], Awaitable[Result]], policy: RetryPolicy, *, subject: str
) -> tuple[Result, int]:
    """The result of the first attempt that does not raise Transient, and how many attempts failed before it.

    Raises:
        ModelError: all attempts failed.
    """

    def wait(state: RetryCallState) -> float:
        return policy.wait_s(state.attempt_number, _retry_after(state))

    def warn(state: RetryCallState) -> None:
        logger.warning("%s: attempt %d: %s", subject, state.attempt_number, state.outcome and state.outcome.exception())

    def may_retry(error: BaseException) -> bool:
        policy.refusals.count += isinstance(error, AskedTooMuch)
        return policy.allows(error)

    retrying = AsyncRetrying(
        stop=stop_after_attempt(policy.max_retries + 1),
        wait=wait,
        retry=retry_if_exception(may_retry),
        before_sleep=warn,
    )
    try:
        result: Result = await retrying(attempt)
    except Transient as error:
        raise ModelError(f"{subject}: {error}; the server asks to wait {error.retry_after_s:.0f} s") from None
    except RetryError as error:
        last, times = error.last_attempt.exception(), error.last_attempt.attempt_number
        raise ModelError(f"{subject}: {last} (attempt {times} of {times})") from None
    return result, retrying.statistics["attempt_number"] - 1


def _retry_after(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after_s if isinstance(error, Transient) else None


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (seconds or an HTTP date) asks to wait; None without either."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())

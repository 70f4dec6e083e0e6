"""Waiting for a model server that starts, and what its error replies say."""

from collections.abc import Callable

from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception_type, stop_after_delay, stop_never
from tenacity import wait_fixed as wait_seconds

from webarena_runner.errors import ModelRefused
from webarena_runner.models.shared.error_replies import PASSING_STATUSES, read_error_reply
from webarena_runner.models.shared.http import HttpClient
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S

HEALTH_EVERY_S = 0.25


async def wait_healthy(
    client: HttpClient, url: str, *, limit_s: float | None, report: Callable[[float, str], None]
) -> None:
    """Until `url` answers with success; `report` is called at first and then every 10 s, with the wait and its reason.

    Raises:
        Transient: not within the limit; its text is the last reason.
        ModelRefused: another kind of server is there.
    """

    async def attempt() -> None:
        reply = await client.request("GET", url, timeout_s=CONNECT_TIMEOUT_S)
        if reply.is_success:
            return
        told = read_error_reply(reply)
        if reply.status >= 500 or reply.status in PASSING_STATUSES:
            raise Transient(told.message)
        raise ModelRefused(f"GET {url} gives {told.message}; is another kind of server there?")

    def notice(state: RetryCallState) -> None:
        if state.attempt_number % round(10 / HEALTH_EVERY_S) == 1:
            report(state.seconds_since_start or 0.0, str(state.outcome and state.outcome.exception()))

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
    """A server's own routes are beside `/v1`, not below it."""
    return base_url.rstrip("/").removesuffix("/v1")

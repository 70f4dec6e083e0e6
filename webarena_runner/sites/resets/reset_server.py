"""The reset server of webarena-setup, which recreates all containers of its machine.

`GET /reset` starts one (200), or says that one is going on (418). `GET /status` answers 200 with one of two texts, or
500 with what went wrong.
"""

from collections.abc import Sequence

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from webarena_runner.errors import SiteError
from webarena_runner.sites.resets.requests import request, shown, within

STARTED, GOING_ON, FAILED = 200, 418, 500
ONGOING_TEXT, READY_TEXT = "Reset ongoing", "Ready for duty!"
POLL_S = 5.0
ANSWER_LIMIT_S = 60.0
# Its machine is busy with the reset: one question without an answer says nothing.
QUESTIONS = 3


class _Ongoing(SiteError):
    """Not ready yet."""


class ServerReset:
    """All sites of the instance at once. A reset that somebody else has begun is waited for, and is as good."""

    whole = True

    def __init__(self, url: str, sites: frozenset[str], *, limit_s: float, poll_s: float = POLL_S) -> None:
        self.sites = sites
        self.limit_s = limit_s
        self._url = url
        self._poll_s = poll_s

    async def reset(self, sites: Sequence[str]) -> None:
        """Raises SiteError when it fails, does not end in time, or another kind of server is there."""
        async with within(self.limit_s, f"reset server {self._url}: the reset has not ended"):
            reply = await request("GET", f"{self._url}/reset", limit_s=ANSWER_LIMIT_S)
            if reply.status_code not in (STARTED, GOING_ON):
                raise SiteError(self._unexpected(reply, "/reset", f"{STARTED} (started) or {GOING_ON} (going on)"))
            polling = AsyncRetrying(wait=wait_fixed(self._poll_s), retry=retry_if_exception_type(_Ongoing))
            await polling(self._require_ready)

    async def _require_ready(self) -> None:
        asking = AsyncRetrying(
            stop=stop_after_attempt(QUESTIONS),
            wait=wait_fixed(self._poll_s),
            retry=retry_if_exception_type(SiteError),
            reraise=True,
        )
        reply: httpx.Response = await asking(request, "GET", f"{self._url}/status", limit_s=ANSWER_LIMIT_S)
        text = reply.text.strip()
        if reply.status_code == FAILED:
            raise SiteError(f"reset server {self._url}: the reset failed: {shown(reply)}; see the server's own log")
        if reply.status_code != STARTED or text not in (ONGOING_TEXT, READY_TEXT):
            raise SiteError(self._unexpected(reply, "/status", f"200 '{ONGOING_TEXT}' or '{READY_TEXT}'"))
        if text == ONGOING_TEXT:
            raise _Ongoing

    def _unexpected(self, reply: httpx.Response, path: str, expected: str) -> str:
        return (
            f"GET {self._url}{path} gives {shown(reply)}; the reset server of webarena-setup answers {expected}: is "
            "another kind of server there?"
        )

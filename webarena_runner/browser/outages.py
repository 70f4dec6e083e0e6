"""Whether a site went away under an episode, by what became of main documents: an outage is no agent's score.

A connection that fails ends the episode at once. An answer of 5xx or 429, or none in time, is noted, and the agent may
go on: an application shows such a page for one address too. It counts when the agent ends on it, or when the site has
answered nothing better since and does not answer us either.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from webarena_runner.browser.documents import TIMED_OUT, Document
from webarena_runner.browser.policy import Fence
from webarena_runner.errors import SiteError
from webarena_runner.official.addresses import place_of

SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
# Failures of one site in a row, after which it is asked whether it is there.
IN_A_ROW = 3
ASK_LIMIT_S = 10.0
MAX_URL_CHARACTERS = 300
_NO_ANSWER = (
    "net::ERR_ADDRESS_",
    "net::ERR_CONNECTION_",
    "net::ERR_CONTENT_LENGTH_MISMATCH",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_NAME_",
    "net::ERR_NETWORK_",
    "net::ERR_SOCKET_NOT_CONNECTED",
    "net::ERR_TIMED_OUT",
)
_LATE = (TIMED_OUT, "net::ERR_CONNECTION_TIMED_OUT", "net::ERR_TIMED_OUT")


class Outages:
    """Of one episode. `latest` are the failures since they were last taken, in words."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._down: dict[tuple[str, int], Document] = {}
        self._in_a_row: Counter[tuple[str, int]] = Counter()
        self._latest: list[str] = []
        self._doubtful: list[Document] = []
        self._lost = ""

    def saw(self, documents: Iterable[Document]) -> None:
        """In the order in which they came."""
        for document in documents:
            address = place_of(document.url)
            if address is None or not self._fence.has(document.url):
                continue
            if self._failed(document):
                self._down[address] = document
                self._in_a_row[address] += 1
                self._latest.append(_told(document))
                if self._in_a_row[address] % IN_A_ROW == 0:
                    self._doubtful.append(document)
                if not document.status and document.error not in _LATE:
                    self._lost = self._lost or f"a site of this task went away: {_told(document)}"
            elif not document.cached:
                self._down.pop(address, None)
                del self._in_a_row[address]

    def take(self) -> tuple[str, ...]:
        taken, self._latest = self._latest, []
        return tuple(dict.fromkeys(taken))

    async def end(self) -> str:
        """Why the episode must not go on; "" when it may."""
        if self._lost:
            return self._lost
        doubtful, self._doubtful = self._doubtful, []
        return await _unanswered(doubtful)

    async def require_up(self, shown: Document | None) -> None:
        """Raises SiteError when the agent ended on a failure, or a site has not come back since one."""
        if shown is not None and self._fence.has(shown.url) and self._failed(shown):
            raise SiteError(f"the episode ended on a page that its site failed to give: {_told(shown)}")
        if why := self._lost or await _unanswered(self._down.values()):
            raise SiteError(why)

    @staticmethod
    def _failed(document: Document) -> bool:
        if document.status:
            return document.status >= SERVER_ERROR or document.status == TOO_MANY_REQUESTS
        return document.error == TIMED_OUT or document.error.startswith(_NO_ANSWER)


def _told(document: Document) -> str:
    what = f"status {document.status}" if document.status else document.error
    return f"{document.url[:MAX_URL_CHARACTERS]}: {what}"


async def _unanswered(failures: Iterable[Document]) -> str:
    """Which of these sites does not answer us either, at its root; "" for none."""
    for document in failures:
        parts = urlsplit(document.url)
        if not await _answers(f"{parts.scheme}://{parts.netloc}/"):
            return f"a site of this task is down: {_told(document)}, and its root does not answer either"
    return ""


async def _answers(root: str) -> bool:
    """Whether the server says anything but 5xx; who is asked is only ever the site itself."""
    try:
        async with (
            asyncio.timeout(ASK_LIMIT_S),
            httpx.AsyncClient(trust_env=False, timeout=ASK_LIMIT_S) as client,
            client.stream("GET", root) as response,
        ):
            return response.status_code < SERVER_ERROR and response.status_code != TOO_MANY_REQUESTS
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        return False

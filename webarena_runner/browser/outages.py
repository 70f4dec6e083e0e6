"""Whether a site went away under an episode, by what became of its pages and their parts: an outage is no score.

A connection that fails ends the episode at once. At an answer of 5xx or 429, or none in time, the site is asked: the
episode ends when it does not answer us either. Else the agent goes on, since an application shows such a page for one
address too; it counts when the agent ends on it.
"""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from webarena_runner.browser.documents import TIMED_OUT
from webarena_runner.browser.policy import Fence
from webarena_runner.errors import SiteError
from webarena_runner.interfaces.watching import Document, LeaseWatch
from webarena_runner.official.addresses import place_of

SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
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
# No page can cause these, as it can an answer that breaks off.
_NOBODY_THERE = ("net::ERR_ADDRESS_UNREACHABLE", "net::ERR_CONNECTION_REFUSED", "net::ERR_NAME_NOT_RESOLVED")
_LATE = (TIMED_OUT, "net::ERR_CONNECTION_TIMED_OUT", "net::ERR_TIMED_OUT")


class Outages:
    """Of one episode; `watch` is filled with the pages of its sites, and with the one that ended it."""

    def __init__(self, fence: Fence, watch: LeaseWatch | None = None) -> None:
        self._fence = fence
        self._watch = watch or LeaseWatch()
        self._answered: set[tuple[str, int]] = set()
        self._down: dict[tuple[str, int], Document] = {}
        self._latest: list[str] = []
        self._doubtful: dict[tuple[str, int], Document] = {}
        self._lost = ""

    def saw(self, documents: Iterable[Document]) -> None:
        """Main documents, in the order in which they came."""
        for document in documents:
            address = place_of(document.url)
            if address is None or not self._fence.has(document.url):
                continue
            if self._failed(document):
                self._down[address] = self._doubtful[address] = document
                self._watch.failed.append(document)
                self._latest.append(_told(document))
                if not document.status and document.error not in _LATE:
                    self._lose(document)
            elif not document.cached:
                self._watch.good.append(document)
                self._answered.add(address)
                self._down.pop(address, None)

    def missed(self, parts: Iterable[tuple[Document, bool]]) -> None:
        """What pages asked for and did not get, and whether they need it; only of hosts that have given a page."""
        for document, needed in parts:
            address = place_of(document.url)
            if address not in self._answered or not self._failed(document):
                continue
            self._doubtful[address] = document
            if needed:
                self._latest.append(f"{_told(document)} (a part of a page)")
                if document.error in _NOBODY_THERE:
                    self._lose(document)

    def take(self) -> tuple[str, ...]:
        taken, self._latest = self._latest, []
        return tuple(dict.fromkeys(taken))

    async def end(self) -> str:
        """Why the episode must not go on; "" when it may."""
        doubtful, self._doubtful = self._doubtful, {}
        return self._lost or await self._unanswered(doubtful.values())

    async def require_up(self, shown: Document | None) -> None:
        """Raises SiteError when the agent ended on a failure, or a site has not come back since one."""
        if shown is not None and self._fence.has(shown.url) and self._failed(shown):
            self._watch.blamed = shown.url
            raise SiteError(f"the episode ended on a page that its site failed to give: {_told(shown)}")
        if why := self._lost or await self._unanswered({**self._doubtful, **self._down}.values()):
            raise SiteError(why)

    def _lose(self, document: Document) -> None:
        if not self._lost:
            self._lost = f"a site of this task went away: {_told(document)}"
            self._watch.blamed = document.url

    async def _unanswered(self, failures: Iterable[Document]) -> str:
        """Which of these sites does not answer us either, at its root; "" for none."""
        for document in failures:
            parts = urlsplit(document.url)
            if not await _answers(f"{parts.scheme}://{parts.netloc}/"):
                self._watch.blamed = document.url
                return f"a site of this task is down: {_told(document)}, and its root does not answer either"
        return ""

    @staticmethod
    def _failed(document: Document) -> bool:
        if document.status:
            return document.status >= SERVER_ERROR or document.status == TOO_MANY_REQUESTS
        return document.error == TIMED_OUT or document.error.startswith(_NO_ANSWER)


def _told(document: Document) -> str:
    what = f"status {document.status}" if document.status else document.error
    return f"{document.url[:MAX_URL_CHARACTERS]}: {what}"


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

"""Looking at a page without a browser: for gates that must not need one, and for many pages in little time."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from playwright.async_api import StorageState

from webarena_runner.errors import SiteElsewhere, SiteError
from webarena_runner.inside import send
from webarena_runner.sites.probes.seen import Seen, Trouble, date_of
from webarena_runner.sites.proof import client_with


@dataclass(frozen=True)
class Visitor:
    """As whom a site is asked: with its extra headers, and the cookies of a session where there is one.

    `limit_s` is for one answer as a whole.
    """

    limit_s: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: StorageState = field(default_factory=StorageState, repr=False)
    user_agent: str = ""

    def client(self, url: str) -> httpx.AsyncClient:
        return client_with(self.state, url, user_agent=self.user_agent, headers=self.headers)


async def look(url: str, visitor: Visitor) -> Seen:
    """One GET, which follows redirects on the host and reads the whole answer."""
    answers: list[httpx.Response] = []

    async def note(response: httpx.Response) -> None:
        answers.append(response)

    limit_s = visitor.limit_s
    async with visitor.client(url) as client:
        client.event_hooks = {"response": [note]}
        begin = time.monotonic()
        try:
            response = await send(client, client.build_request("GET", url), limit_s=limit_s)
        except SiteElsewhere:
            return Seen(url, url, elsewhere=_leads_to(answers), limit_s=limit_s, elapsed_s=time.monotonic() - begin)
        except SiteError as error:
            at, told = _leads_to(answers) or url, str(error.__cause__ or error)
            return Seen(url, at, _trouble(error, answers), told, limit_s=limit_s, elapsed_s=time.monotonic() - begin)
        return Seen(
            url,
            str(response.url),
            status=response.status_code,
            html=response.text,
            date=date_of(response.headers.get("date")),
            limit_s=limit_s,
            elapsed_s=time.monotonic() - begin,
        )


def _leads_to(answers: list[httpx.Response]) -> str:
    following = answers[-1].next_request if answers else None
    return str(following.url) if following else ""


def _trouble(error: SiteError, answers: list[httpx.Response]) -> Trouble:
    causes = list(_causes(error))
    for kind, trouble in (
        (TimeoutError, Trouble.UNENDING if answers and not answers[-1].has_redirect_location else Trouble.LATE),
        (socket.gaierror, Trouble.NAME),
        (ConnectionRefusedError, Trouble.REFUSED),
        (ssl.SSLError, Trouble.TLS),
        (httpx.ConnectError, Trouble.UNREACHABLE),
        (httpx.TransportError, Trouble.BROKEN),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return trouble
    return Trouble.REDIRECTS if answers and answers[-1].has_redirect_location else Trouble.OTHER


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__

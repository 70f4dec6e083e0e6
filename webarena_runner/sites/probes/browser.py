"""Looking at a page as an episode does: in the browser, inside the fence."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from playwright.async_api import BrowserContext, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.official.addresses import host_and_port, place_of
from webarena_runner.sites.probes.seen import Seen, Trouble, date_of

# For pictures, scripts and styles of a page that is there already.
LOAD_WAIT_S = 2.0
_TROUBLES = (
    (r"ERR_NAME_|ERR_ICANN_", Trouble.NAME),
    (r"ERR_CONNECTION_REFUSED", Trouble.REFUSED),
    (r"ERR_ADDRESS_|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_", Trouble.UNREACHABLE),
    (r"ERR_UNSAFE_PORT", Trouble.UNSAFE_PORT),
    (r"ERR_SSL_|ERR_CERT_", Trouble.TLS),
    (r"ERR_TOO_MANY_REDIRECTS", Trouble.REDIRECTS),
    (r"ERR_EMPTY_RESPONSE|ERR_CONNECTION_|ERR_CONTENT_LENGTH|ERR_INCOMPLETE|ERR_INVALID_HTTP", Trouble.BROKEN),
)


class _Watch:
    """What a page asks for: where its main document went, whether it was answered, and which hosts are outside."""

    def __init__(self, page: Page, inside: Iterable[str]) -> None:
        self.asked = ""
        self.answer: Response | None = None
        self.blocked: Counter[str] = Counter()
        self._page = page
        self._inside = frozenset(filter(None, map(place_of, inside)))
        page.on("request", self._note)
        page.on("response", self._hear)

    def _note(self, request: Request) -> None:
        address = host_and_port(request.url)
        if self._is_main(request):
            self.asked, self.answer = request.url, None
        if address and place_of(request.url) not in self._inside:
            self.blocked[f"{address[0]}:{address[1]}"] += 1

    def _hear(self, response: Response) -> None:
        if self._is_main(response.request):
            self.answer = response

    def _is_main(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._page.main_frame

    def elsewhere(self, url: str) -> str:
        """The address of another host that the page went to; "" when it stayed."""
        at = place_of(self.asked)
        return self.asked if at and at != place_of(url) else ""


async def look(context: BrowserContext, url: str, *, limit_s: float, inside: Iterable[str]) -> Seen:
    """Opens a page of the context, which is fenced in to the hosts of `inside`, and closes it."""
    page = await context.new_page()
    watch, begin, limit = _Watch(page, inside), time.monotonic(), asyncio.timeout(limit_s)
    shown = Seen(url, url)
    try:
        async with limit:
            shown = await _read(page, watch, url)
    except TimeoutError:
        if not limit.expired():
            raise
        shown = Seen(url, watch.asked or url, Trouble.UNENDING if watch.answer else Trouble.LATE)
    except PlaywrightError as error:
        shown = Seen(url, watch.asked or url, _trouble(error.message), _code(error.message))
    finally:
        await page.close()
    elapsed_s = shown.elapsed_s or time.monotonic() - begin
    elsewhere, blocked = watch.elsewhere(url), dict(watch.blocked)
    return replace(shown, elsewhere=elsewhere, blocked=blocked, elapsed_s=elapsed_s, limit_s=limit_s)


async def _read(page: Page, watch: _Watch, url: str) -> Seen:
    begin = time.monotonic()
    # The limit is of who calls.
    await page.goto(url, wait_until="domcontentloaded", timeout=0)
    elapsed_s = time.monotonic() - begin
    html = await page.content()
    with suppress(PlaywrightTimeout):
        await page.wait_for_load_state("load", timeout=1000 * LOAD_WAIT_S)
    answer = watch.answer
    status = answer.status if answer else 0
    date = date_of(await answer.header_value("date")) if answer else None
    return Seen(url, page.url, status=status, html=html, date=date, elapsed_s=elapsed_s)


def _trouble(message: str) -> Trouble:
    return next((trouble for pattern, trouble in _TROUBLES if re.search(pattern, message)), Trouble.OTHER)


def _code(message: str) -> str:
    found = re.search(r"net::ERR_\w+", message)
    return found.group() if found else message.partition("\n")[0]

"""Logging in to the official sites through their own forms; user and password are given to the site's hosts only."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from playwright.async_api import BrowserContext, Locator, Page, Request, Response, StorageState
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.errors import LoginError, LoginRefused, SiteError
from webarena_runner.official.addresses import origin, place_of
from webarena_runner.official.sites import LOGIN_FORMS, Element, LoginForm
from webarena_runner.sites.proof import proof_of

SERVER_ERROR, TOO_MANY_REQUESTS, REFUSED = 500, 429, 400
# A page that has loaded and shows no form by then is another page.
FORM_LIMIT_S = 10.0
MAX_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class SignedIn:
    """A state that was seen to be signed in, and the browser that it belongs to."""

    state: StorageState
    user_agent: str


class _Visit:
    """The page of one log-in; `asked` is the latest address that it went to, also when nobody answered there.

    `status` is that of the latest page that was answered.
    """

    def __init__(self, page: Page, where: str) -> None:
        self.page = page
        self.where = where
        self.asked = ""
        self.status = 0
        page.on("request", self._note)
        page.on("response", self._hear)

    def _note(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self.asked = request.url

    def _hear(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.page.main_frame:
            self.status = response.status

    def require_at(self, url: str) -> None:
        """Raises LoginRefused when the page has left the host of `url`."""
        if (at := place_of(self.asked)) and at != place_of(url):
            raise LoginRefused(
                f"{self.where}: it leads to another host: configured is {origin(url)}, arrived at "
                f"{origin(self.asked)}, which was not given name and password; give the site's URL as its own pages "
                f"have it, or set the base URL of the application to {origin(url)}"
            )

    async def told(self) -> str:
        """What the page shows, in a few words."""
        try:
            title = await self.page.title()
        except PlaywrightError:
            title = ""
        return f"{self.page.url[:MAX_SHOWN_CHARACTERS]} ({title[:MAX_SHOWN_CHARACTERS]!r})"


async def log_in(
    context: BrowserContext,
    site: str,
    url: str,
    account: tuple[str, str],
    *,
    limit_s: float,
    form: LoginForm | None = None,
    headers: Mapping[str, str] | None = None,
) -> SignedIn:
    """Signs in through the form, in an empty context that reaches this site only; `limit_s` is for all of it.

    `form` None: the site's official one. `headers` are what the context sends the site besides.

    Raises:
        LoginRefused: no form, the site does not take the account, or another host; trying again does not help.
        LoginError: it took too long.
        SiteError: the site does not answer, or answers with a server error.
    """
    form = form or LOGIN_FORMS[site]
    where = f"{site}: logging in as {account[0]} at {url}{form.path}"
    context.set_default_timeout(limit_s * 1000)
    visit = _Visit(await context.new_page(), where)
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            await _fill_in(visit, form, url, account, limit_s=limit_s)
            state = await context.storage_state()
            user_agent: str = await visit.page.evaluate("navigator.userAgent")
            proof = await proof_of(
                site, url, account[0], state, limit_s=limit_s, form=form, user_agent=user_agent, headers=headers
            )
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise LoginError(f"{where}: not done within {limit_s:g} s; the page is {await visit.told()}") from error
    except PlaywrightError as error:
        raise LoginError(f"{where}: {_first_line(error)}") from error
    if not proof.signed_in:
        raise LoginRefused(
            f"{where}: the site did not take the account: after the form the page is {await visit.told()}, and "
            f"{proof.told}; it must be that of the official images, or one named under options.accounts"
        )
    return SignedIn(state, user_agent)


async def _fill_in(visit: _Visit, form: LoginForm, url: str, account: tuple[str, str], *, limit_s: float) -> None:
    page, (user, password) = visit.page, account
    response = await _open(visit, url, url + form.path)
    visit.require_at(url)
    for element in (form.user, form.password, form.button):
        try:
            await _find(page, element).wait_for(timeout=1000 * min(limit_s / 2, FORM_LIMIT_S))
        except PlaywrightError as error:
            visit.require_at(url)
            status = response.status if response else "none"
            raise LoginRefused(
                f"{visit.where}: the page has no log-in form of this site (status {status}): it is "
                f"{await visit.told()}; {await _mismatch(page, element, url)}"
            ) from error
    with_fault = f"{visit.where}: the form could not be sent within {limit_s:g} s"
    try:
        await _find(page, form.user).fill(user)
        await _find(page, form.password).fill(password)
        visit.require_at(url)
        async with page.expect_event("load"):
            await _find(page, form.button).click()
    except PlaywrightTimeout as error:
        visit.require_at(url)
        raise LoginError(f"{with_fault}: {_first_line(error)}; the page is {await visit.told()}") from error
    visit.require_at(url)
    if visit.status >= SERVER_ERROR or visit.status == TOO_MANY_REQUESTS:
        raise SiteError(f"{visit.where}: the form was sent, and the answer is {visit.status}: {await visit.told()}")


async def _mismatch(page: Page, element: Element, url: str) -> str:
    """What a described form, or the official one, is not found by."""
    if element.by != "selector":
        return f"is {origin(url)} another application?"
    shown = [match for match in await _find(page, element).all() if await match.is_visible()]
    return (
        f"expected one visible element that matches {element.text!r}, and there are {len(shown)}; correct "
        "options.login in the sites file"
    )


def _find(page: Page, element: Element) -> Locator:
    match element.by:
        case "label":
            return page.get_by_label(element.text, exact=element.exact)
        case "placeholder":
            return page.get_by_placeholder(element.text, exact=element.exact)
        case "button":
            return page.get_by_role("button", name=element.text, exact=element.exact)
        case "test_id":
            return page.get_by_test_id(element.text)
        case "selector":
            return page.locator(element.text)


async def _open(visit: _Visit, url: str, address: str) -> Response | None:
    try:
        response = await visit.page.goto(address)
    except PlaywrightError as error:
        visit.require_at(url)
        raise SiteError(f"{visit.where}: the page cannot be opened: {_first_line(error)}") from error
    visit.require_at(url)
    status = response.status if response is not None else 0
    if status >= SERVER_ERROR or status == TOO_MANY_REQUESTS:
        raise SiteError(f"{visit.where}: the page answers {status}")
    if status >= REFUSED:
        raise LoginRefused(f"{visit.where}: the page answers {status}: it is {await visit.told()}")
    return response


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

"""Logging in to the official sites through their own forms, and telling whether a state is still signed in."""

from urllib.parse import quote

from playwright.async_api import BrowserContext, Locator, Page, StorageState
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.errors import LoginError, SiteError
from webarena_runner.official.sites import LOGIN_FORMS, Element

SERVER_ERROR = 500


async def log_in(
    context: BrowserContext, site: str, url: str, account: tuple[str, str], *, limit_s: float
) -> StorageState:
    """Signs in through the form in an empty context and returns the verified state.

    Raises:
        LoginError: no form, or the site does not take the account.
        SiteError: the site does not answer, or answers with a server error.
    """
    form, (user, password) = LOGIN_FORMS[site], account
    where = f"{site}: logging in as {user} at {url}{form.path}"
    context.set_default_timeout(limit_s * 1000)
    page = await context.new_page()
    await _open(page, url + form.path, where)
    try:
        await _find(page, form.user).fill(user)
        await _find(page, form.password).fill(password)
        async with page.expect_event("load"):
            await _find(page, form.button).click()
    except PlaywrightTimeout as error:
        raise LoginError(f"{where}: the form could not be sent within {limit_s:g} s: {_first_line(error)}") from error
    except PlaywrightError as error:
        raise LoginError(f"{where}: {_first_line(error)}") from error
    if not await signed_in(context, site, url, user, limit_s=limit_s):
        raise LoginError(f"{where}: the site did not take the account; it must be that of the official images")
    return await context.storage_state()


async def signed_in(context: BrowserContext, site: str, url: str, user: str, *, limit_s: float) -> bool:
    """One plain request with the context's cookies; raises SiteError when the site does not answer it."""
    form = LOGIN_FORMS[site]
    proof = url + form.proof_path.format(user=quote(user))
    try:
        response = await context.request.get(proof, timeout=limit_s * 1000)
        if response.status >= SERVER_ERROR:
            raise SiteError(f"{site}: {proof} answers {response.status}")
        if form.proof_text is None:
            return response.ok and response.url.rstrip("/") == proof.rstrip("/")
        return form.proof_text in await response.text()
    except PlaywrightError as error:
        raise SiteError(f"{site}: {proof} cannot be opened: {_first_line(error)}") from error


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


async def _open(page: Page, url: str, where: str) -> None:
    try:
        response = await page.goto(url)
    except PlaywrightError as error:
        raise SiteError(f"{where}: the page cannot be opened: {_first_line(error)}") from error
    if response is not None and response.status >= SERVER_ERROR:
        raise SiteError(f"{where}: the page answers {response.status}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

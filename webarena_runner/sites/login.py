"""Logging in to the official sites through their own forms, and telling whether a state is still signed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from playwright.async_api import BrowserContext, Locator, Page, StorageState
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.errors import LoginError, SiteError

SERVER_ERROR = 500


@dataclass(frozen=True)
class LoginForm:
    """A site's log-in page (`path` below its URL), the form on it, and a page that tells whether one is signed in.

    `proof_path` may hold {user}. Signed in means: that page keeps its URL (`proof_text` None) or shows the text.
    """

    path: str
    user_field: Callable[[Page], Locator]
    password_field: Callable[[Page], Locator]
    button: Callable[[Page], Locator]
    proof_path: str
    proof_text: str | None = None


FORMS: Mapping[str, LoginForm] = {
    "shopping": LoginForm(
        path="/customer/account/login/",
        user_field=lambda page: page.get_by_label("Email", exact=True),
        password_field=lambda page: page.get_by_label("Password", exact=True),
        button=lambda page: page.get_by_role("button", name="Sign In"),
        proof_path="/wishlist/",
    ),
    "reddit": LoginForm(
        path="/login",
        user_field=lambda page: page.get_by_label("Username"),
        password_field=lambda page: page.get_by_label("Password"),
        button=lambda page: page.get_by_role("button", name="Log in"),
        proof_path="/user/{user}/account",
        proof_text="Delete",
    ),
    "shopping_admin": LoginForm(
        path="",
        user_field=lambda page: page.get_by_placeholder("user name"),
        password_field=lambda page: page.get_by_placeholder("password"),
        button=lambda page: page.get_by_role("button", name="Sign in"),
        proof_path="/dashboard",
        proof_text="Dashboard",
    ),
    "gitlab": LoginForm(
        path="/users/sign_in",
        user_field=lambda page: page.get_by_test_id("username-field"),
        password_field=lambda page: page.get_by_test_id("password-field"),
        button=lambda page: page.get_by_test_id("sign-in-button"),
        proof_path="/-/profile",
    ),
}


async def log_in(
    context: BrowserContext, site: str, url: str, account: tuple[str, str], *, limit_s: float
) -> StorageState:
    """Signs in through the form in an empty context and returns the verified state.

    Raises:
        LoginError: no form, or the site does not take the account.
        SiteError: the site does not answer, or answers with a server error.
    """
    form, (user, password) = FORMS[site], account
    where = f"{site}: logging in as {user} at {url}{form.path}"
    context.set_default_timeout(limit_s * 1000)
    page = await context.new_page()
    await _open(page, url + form.path, where)
    try:
        await form.user_field(page).fill(user)
        await form.password_field(page).fill(password)
        async with page.expect_event("load"):
            await form.button(page).click()
    except PlaywrightTimeout as error:
        raise LoginError(f"{where}: the form could not be sent within {limit_s:g} s: {_first_line(error)}") from error
    except PlaywrightError as error:
        raise LoginError(f"{where}: {_first_line(error)}") from error
    if not await signed_in(context, site, url, user, limit_s=limit_s):
        raise LoginError(f"{where}: the site did not take the account; it must be that of the official images")
    return await context.storage_state()


async def signed_in(context: BrowserContext, site: str, url: str, user: str, *, limit_s: float) -> bool:
    """One plain request with the context's cookies; raises SiteError when the site does not answer it."""
    form = FORMS[site]
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


async def _open(page: Page, url: str, where: str) -> None:
    try:
        response = await page.goto(url)
    except PlaywrightError as error:
        raise SiteError(f"{where}: the page cannot be opened: {_first_line(error)}") from error
    if response is not None and response.status >= SERVER_ERROR:
        raise SiteError(f"{where}: the page answers {response.status}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

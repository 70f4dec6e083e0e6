"""Whether a site takes its account: through its form, as a run logs in, and at its REST interface."""

import re
from dataclasses import dataclass

import httpx
from playwright.async_api import BrowserContext

from webarena_runner.errors import LoginError, LoginRefused, SiteError
from webarena_runner.inside import send
from webarena_runner.official.sites import OFFICIAL_SITES, LoginForm
from webarena_runner.sites.login import SignedIn, log_in
from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.probes.plain import Visitor
from webarena_runner.sites.proof import proof_of

CHECK, REST_CHECK = "log-in", "REST"
TOKEN_PATH = "/rest/default/V1/integration/admin/token"
UNAUTHORISED = 401
# Magento refuses a form now and then, whose key was made for an older page.
TRIES = 2
MAX_SHOWN_CHARACTERS = 400
_OWN_ACCOUNT = (
    "name the variables with its account under accounts.{site} in the sites file, or correct what they hold; without "
    "them the account is that of the official images, which a reset brings back"
)
_OWN_PASSWORD = "; Magento makes administrators change theirs unless admin/security/password_is_forced is 0"


@dataclass(frozen=True)
class Tried:
    """`session` None: nobody is logged in."""

    finding: Finding
    session: SignedIn | None = None


async def try_log_in(
    context: BrowserContext, place: Place, account: tuple[str, str], form: LoginForm, visitor: Visitor
) -> Tried:
    """In a context that is fenced in to the site; with extra headers it may be signed in before."""
    try:
        if visitor.headers and await _signed_in_by(place, account[0], form, visitor):
            return Tried(place.ok(CHECK, f"as {account[0]}, by its headers"))
        for last in range(1, TRIES + 1):
            try:
                session = await log_in(
                    context,
                    place.site,
                    place.url,
                    account,
                    form=form,
                    limit_s=visitor.limit_s,
                    headers=visitor.headers,
                )
                return Tried(place.ok(CHECK, f"as {account[0]}"), session)
            except LoginRefused:
                if last == TRIES:
                    raise
    except LoginRefused as error:
        return Tried(await _refused(place, form, error, visitor))
    except (LoginError, SiteError) as error:
        remedy = "see its log; a site that answers its start page and not its log-in is overloaded or half started"
        return Tried(place.failure(CHECK, _shown(place, error), remedy))
    raise AssertionError("the last try returns or raises")


async def rest_token(place: Place, account: tuple[str, str], visitor: Visitor) -> Finding:
    """Asks a Magento shop for an administrator's token, as checks of tasks do."""
    address = place.url + TOKEN_PATH
    remedy = f"the account is that of {OFFICIAL_SITES[place.site].rest_account}: " + _account_fix(
        OFFICIAL_SITES[place.site].rest_account or place.site
    )
    try:
        async with visitor.client(place.url) as client:
            body = {"username": account[0], "password": account[1]}
            response = await send(client, client.build_request("POST", address, json=body), limit_s=visitor.limit_s)
    except SiteError as error:
        return place.failure(
            REST_CHECK, _shown(place, error), "see its log: the pages answer, and its REST interface not"
        )
    if response.status_code == UNAUTHORISED:
        return place.failure(REST_CHECK, f"{address} does not take the account {account[0]}", remedy)
    if not response.is_success or not re.fullmatch(r'\s*"[^"]+"\s*', response.text):
        found = f"{address} answers with status {response.status_code} and no token"
        return place.failure(
            REST_CHECK, found, "see that this is the address of the shop, and that /rest reaches Magento"
        )
    return place.ok(REST_CHECK, "gives a token")


async def _signed_in_by(place: Place, user: str, form: LoginForm, visitor: Visitor) -> bool:
    limit_s, headers = visitor.limit_s, visitor.headers
    proof = await proof_of(place.site, place.url, user, visitor.state, limit_s=limit_s, form=form, headers=headers)
    return proof.signed_in


async def _refused(place: Place, form: LoginForm, error: LoginRefused, visitor: Visitor) -> Finding:
    if cookie := await _forgotten_cookie(place, form, visitor):
        return place.failure(
            CHECK,
            f"{place.url} forgets every session: it gives the cookie {cookie!r} a new value at each request",
            "restart or recreate its container: what keeps its sessions (files, Redis, database) is full or gone; "
            "a cached log-in state of other tools is stale then too",
        )
    if "another host" in str(error):
        return place.failure(CHECK, _shown(place, error), "set its base URL to the address that is configured here")
    return place.failure(CHECK, _shown(place, error), _account_fix(place.site))


def _account_fix(site: str) -> str:
    fix = _OWN_ACCOUNT.format(site=site)
    return fix + (_OWN_PASSWORD if site == "shopping_admin" else "")


async def _forgotten_cookie(place: Place, form: LoginForm, visitor: Visitor) -> str:
    """The name of a session cookie that the site replaces although it is sent back; "" for none."""
    address = place.url + form.path
    try:
        async with visitor.client(place.url) as client:
            given = []
            for _ in range(2):
                await send(client, client.build_request("GET", address), limit_s=visitor.limit_s)
                given.append({cookie.name: cookie.value for cookie in client.cookies.jar})
    except (SiteError, httpx.CookieConflict):
        return ""
    return next((name for name, value in given[0].items() if given[1].get(name, value) != value), "")


def _shown(place: Place, error: Exception) -> str:
    """The message without the name of the site, which stands before it, and without its own advice."""
    text = str(error).removeprefix(f"{place.site}: ").partition("; it must be")[0]
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}..."

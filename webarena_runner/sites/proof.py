"""Whether a kept state is still signed in: one plain request with its cookies, which leads nowhere but to the site."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
from playwright.async_api import StorageState

from webarena_runner.errors import SiteError
from webarena_runner.inside import send
from webarena_runner.official.addresses import same_host
from webarena_runner.official.sites import LOGIN_FORMS, LoginForm

SERVER_ERROR, TOO_MANY_REQUESTS = 500, 429


@dataclass(frozen=True)
class Proof:
    """`told` says what the site answered, for messages."""

    signed_in: bool
    told: str


class SetCookie(NamedTuple):
    """A cookie that an answer sets or deletes; `hidden`: pages cannot read it."""

    name: str
    hidden: bool

    @classmethod
    def of(cls, header: str) -> "SetCookie":
        pair, *attributes = header.split(";")
        return cls(pair.partition("=")[0].strip(), any(each.strip().lower() == "httponly" for each in attributes))


async def proof_of(
    site: str,
    url: str,
    user: str,
    state: StorageState,
    *,
    limit_s: float,
    form: LoginForm | None = None,
    user_agent: str = "",
    headers: Mapping[str, str] | None = None,
) -> Proof:
    """By the log-in `form`, None for the site's official one.

    Raises:
        SiteError: the site does not answer, limits us, or leads to another host.
    """
    form = form or LOGIN_FORMS[site]
    proof = form.proof_url(url, user)
    async with client_with(state, url, user_agent=user_agent, headers=headers) as client:
        response = await send(client, client.build_request("GET", proof), limit_s=limit_s)
    if response.status_code >= SERVER_ERROR or response.status_code == TOO_MANY_REQUESTS:
        raise SiteError(f"{site}: {proof} answers {response.status_code}")
    ended = str(response.url)
    if form.proof_text is None:
        good = response.is_success and ended.rstrip("/") == proof.rstrip("/")
    else:
        good = form.proof_text in response.text
    went = "" if ended == proof else f" after leading to {ended}"
    return Proof(good, f"{proof} answers {response.status_code}{went}")


def client_with(
    state: StorageState,
    url: str,
    *,
    user_agent: str = "",
    headers: Mapping[str, str] | None = None,
    sets: Callable[[SetCookie], object] | None = None,
) -> httpx.AsyncClient:
    """A client for this site alone, with those cookies of the state that a browser would send there.

    `headers` are sent with each request, `sets` is told of each cookie that the site sets or deletes.
    """
    cookies = httpx.Cookies()
    for name, value, path in cookies_for(state, urlsplit(url).hostname or ""):
        # Without a domain, since what asks is held to the site, and Python's jar takes `localhost` for no domain.
        cookies.set(name, value, path=path)
    sent = {**(headers or {}), **({"User-Agent": user_agent} if user_agent else {})}
    # Reading the machine's certificates takes longer than a request without encryption.
    verify = url.startswith("https:")
    client = httpx.AsyncClient(cookies=cookies, headers=sent, trust_env=False, timeout=None, verify=verify)
    if sets is not None:

        async def tell(response: httpx.Response) -> None:
            for header in response.headers.get_list("set-cookie"):
                sets(SetCookie.of(header))

        client.event_hooks = {"response": [tell]}
    return client


def cookies_for(state: StorageState, host: str) -> Iterator[tuple[str, str, str]]:
    """Name, value and path of those that a browser sends to this host."""
    for cookie in state.get("cookies", []):
        domain = cookie.get("domain", "")
        if same_host(domain, host) or (domain.startswith(".") and f".{host}".endswith(domain)):
            yield cookie.get("name", ""), cookie.get("value", ""), cookie.get("path", "/")

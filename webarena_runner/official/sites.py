"""The official sites: their names, accounts and URLs, and which of them a task needs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from webarena_runner.types import Task


@dataclass(frozen=True)
class Element:
    """An element of a page by its label, placeholder, name as a button, test id or selector, in Playwright's sense."""

    by: Literal["label", "placeholder", "button", "test_id", "selector"]
    text: str
    exact: bool = False


@dataclass(frozen=True)
class LoginForm:
    """A site's log-in page (`path` below its URL), the form on it, and a page that shows whether one is signed in.

    `proof_path` may hold {username}. Signed in means: that page keeps its URL (`proof_text` None) or shows the text.
    `one_session`: a log-in ends the other sessions of the account.
    """

    path: str
    user: Element
    password: Element
    button: Element
    proof_path: str
    proof_text: str | None = None
    one_session: bool = False

    def proof_url(self, url: str, username: str) -> str:
        """Of the site at `url`."""
        return url + self.proof_path.replace("{username}", quote(username))


@dataclass(frozen=True)
class OfficialSite:
    """What the official benchmarks fix of one site.

    `public_url` is what models see in place of its URL. `landing_path` is where its URL leads, below its address.
    `account` is the published user name and password. `rest_account` names the site whose account its REST interface
    takes, where checks ask that. `stateless`: nothing that an episode does changes it. `throttled` is what its
    application says, with status 200, in place of a page when it is asked too often. `reads_by_post` are patterns of
    paths that its pages POST to without changing what others see: tables, previews, counts of visits.
    """

    name: str
    public_url: str
    landing_path: str = ""
    account: tuple[str, str] | None = None
    login: LoginForm | None = None
    rest_account: str | None = None
    stateless: bool = False
    throttled: tuple[str, ...] = ()
    reads_by_post: tuple[str, ...] = ()


# Magento's: a table's rows and how its user looks at them, what a dashboard or a cart's estimate shows.
_MAGENTO_READS = (
    r"/mui/(index/render|bookmark)/",
    r"(?i)grid(/|$)",
    r"/dashboard/(ajaxBlock|tunnel)",
    r"/customer/section/load",
    r"/page_cache/block/",
    r"/(estimate-shipping-methods[\w-]*|totals-information)$",
)
REDDIT = OfficialSite(
    "reddit",
    "http://reddit.com",
    account=("MarvelsGrantMan136", "test1234"),
    login=LoginForm(
        path="/login",
        user=Element("label", "Username"),
        password=Element("label", "Password"),
        button=Element("button", "Log in"),
        proof_path="/user/{username}/account",
        proof_text="Delete",
    ),
    # Postmill's.
    throttled=("wait a while before trying again", "rate limit", "too many requests"),
    reads_by_post=(r"/(md|ft\.json)$",),
)
SHOPPING = OfficialSite(
    "shopping",
    "http://onestopmarket.com",
    account=("emma.lopez@gmail.com", "Password.123"),
    login=LoginForm(
        path="/customer/account/login/",
        user=Element("label", "Email", exact=True),
        password=Element("label", "Password", exact=True),
        button=Element("button", "Sign In"),
        proof_path="/wishlist/",
    ),
    rest_account="shopping_admin",
    reads_by_post=_MAGENTO_READS,
)
SHOPPING_ADMIN = OfficialSite(
    "shopping_admin",
    "http://luma.com/admin",
    landing_path="/admin",
    account=("admin", "admin1234"),
    login=LoginForm(
        path="",
        user=Element("placeholder", "user name"),
        password=Element("placeholder", "password"),
        button=Element("button", "Sign in"),
        proof_path="/dashboard",
        proof_text="Dashboard",
        # Magento's setting "Admin Account Sharing" is off by default.
        one_session=True,
    ),
    reads_by_post=_MAGENTO_READS,
)
GITLAB = OfficialSite(
    "gitlab",
    "http://gitlab.com",
    account=("byteblaze", "hello1234"),
    login=LoginForm(
        path="/users/sign_in",
        user=Element("test_id", "username-field"),
        password=Element("test_id", "password-field"),
        button=Element("test_id", "sign-in-button"),
        proof_path="/-/profile",
    ),
    reads_by_post=(r"/preview_markdown$", r"/api/v4/usage_data/", r"/-/collect_events"),
)
WIKIPEDIA = OfficialSite(
    "wikipedia",
    "http://wikipedia.org",
    landing_path="/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing",
    stateless=True,
)
MAP = OfficialSite("map", "http://openstreetmap.org", stateless=True)
# Prompts say that it is there, so it comes with every lease.
HOME = OfficialSite("homepage", "http://homepage.com", stateless=True)
# VisualWebArena's; it has the shop, the forum and the encyclopedia in common with WebArena.
CLASSIFIEDS = OfficialSite(
    "classifieds",
    "http://classifieds.com",
    account=("blake.sullivan@gmail.com", "Password.123"),
    login=LoginForm(
        path="/index.php?page=login",
        user=Element("selector", "#email"),
        password=Element("selector", "#password"),
        button=Element("button", "Log in"),
        proof_path="/index.php?page=user&action=items",
        proof_text="My listings",
    ),
)
# In the official order of URL mapping, which decides where one site's URL is the head of another's.
OFFICIAL_SITES: Mapping[str, OfficialSite] = {
    site.name: site for site in (REDDIT, SHOPPING, SHOPPING_ADMIN, GITLAB, WIKIPEDIA, MAP, HOME, CLASSIFIEDS)
}
SITES = tuple(OFFICIAL_SITES)
HOMEPAGE = HOME.name
OFFICIAL_ACCOUNTS: Mapping[str, tuple[str, str]] = {
    name: site.account for name, site in OFFICIAL_SITES.items() if site.account
}
LOGIN_FORMS: Mapping[str, LoginForm] = {name: site.login for name, site in OFFICIAL_SITES.items() if site.login}
_ABSENT = ("", "todo", "pass")
PLACEHOLDER = re.compile("__(" + "|".join(site.upper() for site in SITES) + ")__")


def normalise_url(value: str) -> str:
    """The URL with a scheme and without trailing slashes; "" for "", "todo" and "PASS", which stand for no site.

    The official URL comparison goes wrong without a scheme and with a trailing slash (both occur in published set-ups).

    Raises:
        ValueError: not a URL, or one with a user name in it (it would be written into the run folder).
    """
    text = value.strip()
    if text.lower() in _ABSENT:
        return ""
    url = (text if "://" in text else f"http://{text}").rstrip("/")
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in url):
        raise ValueError("expected the URL of a site, for example http://localhost:7770")
    if parts.username is not None:
        raise ValueError("expected a URL without a user name (log-in accounts are named in a sites file)")
    return url


def in_order(sites: Iterable[str]) -> list[str]:
    """Sites in the official order, others after them by name."""
    return sorted(sites, key=lambda site: (SITES.index(site) if site in SITES else len(SITES), site))


def named_sites(text: str) -> frozenset[str]:
    """Official names of the sites whose placeholders occur in the text."""
    return frozenset(site.lower() for site in PLACEHOLDER.findall(text))


def sites_needed(task: Task) -> tuple[str, ...]:
    """Sites that a task lists, logs in to, or names by a placeholder in start URLs, pictures or checks; each once."""
    named = named_sites(" ".join([*task.start_urls, *task.images, *(check.model_dump_json() for check in task.checks)]))
    return tuple(dict.fromkeys([*task.sites, *task.login_sites, *in_order(named)]))


def accounts_for(
    sites: Iterable[str], accounts: Mapping[str, tuple[str, str]] = OFFICIAL_ACCOUNTS
) -> dict[str, tuple[str, str]]:
    """Those of `accounts` that belong to these sites, or that the sites' REST interfaces take."""
    chosen = list(sites)
    known = [OFFICIAL_SITES[site] for site in chosen if site in OFFICIAL_SITES]
    names = dict.fromkeys([*chosen, *(site.rest_account for site in known if site.rest_account)])
    return {name: accounts[name] for name in names if name in accounts}

"""The web applications behind the official sites: what their pages are known by, and how each is told its own address.

Every mark is a part of the HTML that the official images have, and that the embedded sites share with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Application:
    """`marks`: a page with one of them is of this application. `base_url_fix` holds {url}, the address it should have.

    `search_fix` is what to do when its search finds nothing.
    """

    name: str
    marks: tuple[str, ...]
    base_url_fix: str = ""
    search_fix: str = ""

    def made(self, html: str) -> bool:
        return any(re.search(mark, html, re.IGNORECASE) for mark in self.marks)


_MAGENTO = "/var/www/magento2/bin/magento"


def _magento_fix(container: str) -> str:
    return (
        f'docker exec {container} {_MAGENTO} setup:store-config:set --base-url="{{url}}", set web/secure/base_url in '
        f"core_config_data to the same with a slash, then docker exec {container} {_MAGENTO} cache:flush"
    )


ADMIN = Application(
    "Magento's administration",
    (r'name="login\[username\]"', r'placeholder="user name"', r'class="[^"]*\badmin__', r'href="[^"]*/admin/dashboard'),
    _magento_fix("shopping_admin"),
)
SHOP = Application(
    "a Magento shop",
    (r'action="[^"]*/catalogsearch/result', r'href="[^"]*/customer/account/login'),
    _magento_fix("shopping"),
    f"docker exec shopping {_MAGENTO} indexer:reindex catalogsearch_fulltext, and see that its search engine runs",
)
POSTMILL = Application(
    "Postmill",
    (r'class="submission[ _"]', r'class="[^"]*\bsite-nav__', r'href="/f/[^"]+"', r'href="/most_commented"'),
    search_fix="recreate its container: the search reads the same database as the pages",
)
GITLAB = Application(
    "GitLab",
    (
        r'data-testid="username-field"',
        r'name="user\[login\]"',
        r'content="GitLab"[^>]*property="og:site_name"|property="og:site_name"[^>]*content="GitLab"',
        r'data-qa-selector="projects_list"',
    ),
    "docker exec gitlab sed -i \"s|^external_url.*|external_url '{url}'|\" /etc/gitlab/gitlab.rb, "
    "then docker exec gitlab gitlab-ctl reconfigure",
    "docker exec gitlab gitlab-ctl restart",
)
KIWIX = Application(
    "Kiwix",
    (
        r'id="kiwix',
        r"/skin/[^\"']*(?:kiwix|taskbar)",
        r"mwoffliner",
        r"-/[sj]/(?:css|js)_modules/",
        r"Welcome to Kiwix",
    ),
    search_fix="serve the whole `maxi` ZIM file, which has its full-text index inside",
)
OPEN_STREET_MAP = Application(
    "OpenStreetMap's website",
    (r'id="sidebar_content"', r'class="[^"]*\brouting_engines'),
    search_fix="start the geocoder (Nominatim) that the map is configured with, and name its address in more_urls",
)
OSCLASS = Application("Osclass", (r"/oc-content/", r'content="Osclass'))
HOME = Application("the home page of WebArena", (r"""["']/?scratchpad(?:\.html)?["']""",))
BY_SITE: Mapping[str, Application] = {
    "shopping": SHOP,
    "shopping_admin": ADMIN,
    "reddit": POSTMILL,
    "gitlab": GITLAB,
    "wikipedia": KIWIX,
    "map": OPEN_STREET_MAP,
    "classifieds": OSCLASS,
    "homepage": HOME,
}
# What answers instead where a port or a host is wrong; none of them is ever right.
_OTHERS = (
    Application("nginx's welcome page", (r"<title>Welcome to nginx",)),
    Application("Apache's default page", (r"<title>[^<]*Apache2[^<]*Default Page", r"<h1>It works!</h1>")),
    Application("a listing of files", (r"<title>(?:Index of|Directory listing for) /",)),
    Application("Redmine", (r'content="Redmine"',)),
    Application("WordPress", (r'name="generator" content="WordPress',)),
    Application("JupyterLab", (r"<title>Jupyter",)),
    Application("the reset server", (r"^(?:<[^>]*>|\s)*(?:Ready for duty!|Reset ongoing)",)),
)
# The administration has a link to the shop, and the home page to all.
_IN_ORDER = (HOME, ADMIN, GITLAB, POSTMILL, OPEN_STREET_MAP, KIWIX, OSCLASS, SHOP, *_OTHERS)


def application_of(html: str) -> Application | None:
    """Which application a page is of; None for one that is not known here."""
    return next((application for application in _IN_ORDER if application.made(html)), None)

"""Whether an agent is still logged in: a session that was taken away in mid-episode is no agent's failure.

Evidence is a log-in page to which a site has sent the agent from another address of its own. It counts when nothing
that the agent did can have ended the session, and the site itself says that the cookies of this moment sign nobody in.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from webarena_runner.interfaces import SiteLease
from webarena_runner.interfaces.watching import Document
from webarena_runner.official.addresses import place_of
from webarena_runner.official.sites import LOGIN_FORMS

# Where the official sites and the embedded ones send a visitor who is not logged in.
LOGIN_PATHS = tuple(form.path.rstrip("/") for form in LOGIN_FORMS.values() if form.path)
MAX_SHOWN_CHARACTERS = 300


def is_login_page(url: str, login_pages: Sequence[str]) -> bool:
    """Whether it is one of these, with whatever else below it or in its query, or has the path of an official one."""
    at = urlsplit(url)
    if at.path.rstrip("/").endswith(LOGIN_PATHS):
        return True
    query = set(parse_qsl(at.query))
    return any(
        place_of(url) == place_of(page)
        and f"{at.path.rstrip('/')}/".startswith(f"{urlsplit(page).path.rstrip('/')}/")
        and query >= set(parse_qsl(urlsplit(page).query))
        for page in login_pages
    )


class SignedIn:
    """Of one episode that began logged in to `sites`."""

    def __init__(self, lease: SiteLease, sites: Sequence[str]) -> None:
        self._lease = lease
        self._of_place = {place_of(lease.urls[site]): site for site in sites if site in lease.urls}
        self._own_doing: set[str] = set()

    def login_pages(self, visits: Sequence[Document]) -> list[str]:
        """Those of these pages that are log-in pages of a site that the episode is logged in to."""
        return [each.url[:MAX_SHOWN_CHARACTERS] for each in visits if self._site(each) and self._is_login(each.url)]

    def suspects(self, visits: Sequence[Document], *, may_end_session: bool) -> list[tuple[str, Document]]:
        """Sites that may have lost the session, each with the page to which it has sent the agent.

        Who opens a log-in page without being sent there may do so to sign in as somebody else.
        """
        found = {}
        for each in visits:
            site = self._site(each)
            if site is None:
                continue
            if may_end_session or (self._is_login(each.url) and not self._was_sent(each)):
                self._own_doing.add(site)
            elif self._was_sent(each) and (self._is_login(each.url) or self._is_root(each.url, site)):
                found[site] = each
        return [(site, each) for site, each in found.items() if site not in self._own_doing]

    def _site(self, document: Document) -> str | None:
        return self._of_place.get(place_of(document.url))

    def _is_login(self, url: str) -> bool:
        return is_login_page(url, self._lease.login_pages)

    def _is_root(self, url: str, site: str) -> bool:
        """Where the admin pages of the shop have their log-in form."""
        return urlsplit(url).path.rstrip("/") == urlsplit(self._lease.urls[site]).path.rstrip("/")

    def _was_sent(self, document: Document) -> bool:
        asked = document.sent_from
        return bool(asked) and place_of(asked) == place_of(document.url) and not self._is_login(asked)


def taken_away(site: str, document: Document) -> str:
    """Why the episode cannot go on."""
    return (
        f"{site}: the session ended in mid-episode, and not by what the agent did: "
        f"{document.sent_from[:MAX_SHOWN_CHARACTERS]} led to {document.url[:MAX_SHOWN_CHARACTERS]}, and the site takes "
        "the visitor for signed out"
    )

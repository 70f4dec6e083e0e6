"""Whether a start page is a page of its site: what is none must not be scored as if the agent had seen the site."""

from webarena_runner.browser.policy import Fence
from webarena_runner.browser.tab import Tab
from webarena_runner.errors import SiteElsewhere, SiteError
from webarena_runner.interfaces.watching import Document
from webarena_runner.official.addresses import origin, place_of

MAX_URL_CHARACTERS = 500
TOO_MANY_REQUESTS = 429
REFUSING = range(400, 600)


async def open_start_page(tab: Tab, url: str, fence: Fence) -> None:
    """Loads it in a new tab.

    Raises:
        SiteElsewhere: another host than the site's answered, or would have.
        SiteError: nobody answered, or with status 400 or above.
        BrowserError: the tab is gone.
    """
    try:
        await tab.open(url, refused=REFUSING)
    except SiteError as error:
        document = await tab.documents.first()
        if document is not None:
            try:
                require_arrived(url, document, fence)
            except SiteError as better:
                raise better from error
        raise
    require_arrived(url, Document(tab.page.url, status=200), fence)


def require_arrived(url: str, document: Document, fence: Fence) -> None:
    """Raises SiteError when the document that a start page has led to is none of its site's."""
    if not fence.has(url):
        return
    arrived = place_of(document.url)
    if arrived is not None and arrived != place_of(url):
        raise SiteElsewhere(_elsewhere(url, document.url, fence))
    if document.status in REFUSING:
        raise SiteError(f"{url}: {_refusal(document)}")
    if document.error:
        raise SiteError(f"{url}: the site does not answer: {document.error}")


def _elsewhere(url: str, arrived: str, fence: Fence) -> str:
    refused = "" if fence.has(arrived) else f", which is none of this task's sites ({fence})"
    configured, found = origin(url), origin(arrived)
    return (
        f"the start page {url[:MAX_URL_CHARACTERS]} leads to another host: configured is {configured}, arrived at "
        f"{found}{refused}. Give the site's URL as {found} if that is the same site, "
        f"or set the base URL of the application to {configured}"
    )


def _refusal(document: Document) -> str:
    at = f" (at {document.url[:MAX_URL_CHARACTERS]})"
    if document.status == TOO_MANY_REQUESTS:
        return (
            f"the start page answers with status 429{at}: the site limits how often it is asked; "
            "use fewer --workers, or switch its rate limit off"
        )
    return (
        f"the start page answers with status {document.status}{at}: the site is down, not reset, or another one than "
        "the task needs; `wa-run sites status` asks each site"
    )

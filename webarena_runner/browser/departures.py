"""Where an episode's tabs went, or were to go, beside the task's sites: what the agent is told, and what ends it."""

from collections.abc import Iterable

from webarena_runner.browser.observe.limits import MAX_URL_CHARACTERS, shortened
from webarena_runner.browser.policy import REFUSAL_PAGE, Fence
from webarena_runner.browser.tab import Tab
from webarena_runner.interfaces.watching import Document
from webarena_runner.log.wellformed import well_formed

# What Chromium says of a secure page that the proxy refuses; it then shows nothing at all.
REFUSED_TUNNEL = "net::ERR_TUNNEL_CONNECTION_FAILED"
MAX_TOLD = 3


class Departures:
    """Of one episode; `take` gives those of the last action."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._latest: list[str] = []

    def saw(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self.at(document.url)

    def at(self, url: str) -> None:
        if self._fence.is_elsewhere(url):
            # An agent may write any text for an address, and what it wrote is kept.
            self._latest.append(well_formed(shortened(url, MAX_URL_CHARACTERS)))

    def take(self) -> tuple[str, ...]:
        taken, self._latest = self._latest, []
        return tuple(dict.fromkeys(taken))

    def told(self, left_to: tuple[str, ...]) -> str:
        """What the agent is told of them; "" where nothing was refused."""
        if not left_to or self._fence.offsite == "allow":
            return ""
        more = f" and {len(left_to) - MAX_TOLD} more" if len(left_to) > MAX_TOLD else ""
        return (
            f"not opened, since not an address of this task's sites ({self._fence}): "
            f"{', '.join(left_to[:MAX_TOLD])}{more}"
        )


async def show_refusal(tab: Tab) -> None:
    """Puts our own words where Chromium shows an empty page, since the refused one was a secure one."""
    latest = tab.documents.latest
    if latest is None or latest.error != REFUSED_TUNNEL or not tab.page.url.startswith("chrome-error:"):
        return
    await tab.tools.send("Page.setDocumentContent", {"frameId": tab.activity.main_frame, "html": REFUSAL_PAGE.decode()})

"""What the documents of an episode's tabs tell: outages, departures, log-in pages."""

from collections.abc import Sequence

from webarena_runner.browser.departures import Departures
from webarena_runner.browser.outages import Outages
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.tab import Tab
from webarena_runner.interfaces.watching import Document, LeaseWatch


class Witness:
    """Of one episode."""

    def __init__(self, fence: Fence, watch: LeaseWatch | None) -> None:
        self.outages = Outages(fence, watch)
        self.departures = Departures(fence)
        self._visits: list[Document] = []
        self._may_end_session = False

    def look(self, tabs: Sequence[Tab], *, known: Sequence[Tab]) -> None:
        """Takes what the tabs have seen since the last look, at which `known` were there."""
        for tab in tabs:
            documents = tab.documents.take()
            self.outages.saw(documents)
            self.outages.missed(tab.parts.take())
            self.departures.saw(documents)
            self._visits += documents
            self._may_end_session = self._may_end_session or tab.documents.may_end_session
            if tab not in known and not documents:
                # Its first document can come before we listen.
                self.departures.at(tab.page.url)

    def visits(self) -> tuple[Sequence[Document], bool]:
        """Main documents since the last call, and whether a page has asked for anything by which people sign out."""
        visits, self._visits = self._visits, []
        return visits, self._may_end_session

"""The whole probe of one site of one instance: what its chosen tasks need of it, inside the fence."""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from playwright.async_api import BrowserContext

from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import LOGIN_FORMS, MAP, OFFICIAL_SITES, LoginForm
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.probes import account, browser
from webarena_runner.sites.probes.findings import Finding, Level, Place, as_warning
from webarena_runner.sites.probes.map import ask_map
from webarena_runner.sites.probes.page import is_official, start_page
from webarena_runner.sites.probes.plain import Visitor
from webarena_runner.sites.probes.search import SEARCHES, search
from webarena_runner.sites.probes.seen import Seen
from webarena_runner.sites.probes.start_pages import start_pages
from webarena_runner.sites.probes.steady import clock, every_time
from webarena_runner.sites.probes.wanted import Wanted

OTHER_HOSTS = "other hosts"
SHOWN_HOSTS = 6
# Steps that come after one another: the start page, the log-in, and what is asked then, of the map in two rounds.
STEPS = 4


@dataclass(frozen=True)
class Probe:
    """One site of an instance; `limit_s` is for each check."""

    instance: Instance
    site: str
    wanted: Wanted
    new_context: NewContext
    limit_s: float
    name: str = ""
    thorough: bool = True

    async def findings(self) -> Sequence[Finding]:
        """Raises BrowserError when the browser is gone."""
        found = await self._findings()
        return found if self.wanted.has(self.site) else [as_warning(finding) for finding in found]

    async def _findings(self) -> Sequence[Finding]:
        visitor = Visitor(self.limit_s, self.instance.headers.get(self.site, {}))
        async with self.new_context(self._inside, headers={self._place.url: visitor.headers}) as context:
            seen = await browser.look(context, self._place.url, limit_s=self.limit_s, inside=self._inside)
            now = datetime.now(UTC)
            found = [*start_page(self._place, seen), *self._other_hosts(seen)]
            if any(finding.level is Level.FAIL for finding in found):
                return found
            found.append(clock(self._place, seen, now, needed=self.wanted.dated))
            if tried := await self._log_in(context, visitor):
                found.append(tried.finding)
                if session := tried.session:
                    visitor = replace(visitor, state=session.state, user_agent=session.user_agent)
            async with asyncio.TaskGroup() as group:
                checks = self._checks(context, visitor, official=is_official(found))
                jobs = [group.create_task(check) for check in checks]
            return [*found, *(finding for job in jobs for finding in job.result())]

    @property
    def _place(self) -> Place:
        official = self._form is LOGIN_FORMS.get(self.site)
        return Place(self.site, self.instance.urls[self.site], self.name, official=official)

    @property
    def _form(self) -> LoginForm | None:
        return self.instance.logins.get(self.site)

    @property
    def _inside(self) -> list[str]:
        return [self._place.url, *self.instance.more_urls]

    async def _log_in(self, context: BrowserContext, visitor: Visitor) -> account.Tried | None:
        given = self.instance.credentials.get(self.site)
        logs_in = self.wanted.logs_in_to(self.site)
        # A page without a form is waited for, which a run that needs none has no time for.
        if self._form is None or given is None or not (logs_in or self.thorough):
            return None
        tried = await account.try_log_in(context, self._place, given, self._form, visitor)
        if logs_in:
            return tried
        return account.Tried(as_warning(tried.finding), tried.session)

    def _checks(
        self, context: BrowserContext, visitor: Visitor, *, official: bool
    ) -> Iterator[Coroutine[None, None, Sequence[Finding]]]:
        """What does not depend on one another; what only the official application has is asked of it alone."""
        place, known = self._place, OFFICIAL_SITES.get(self.site)
        if self.thorough:
            yield _alone(every_time(place, visitor))
        if official and self.site in SEARCHES:
            yield _alone(search(place, visitor))
        rest_account = known.rest_account if official and known else None
        if rest_account and (given := self.instance.credentials.get(rest_account)):
            yield self._rest(given, visitor)
        if pages := self.wanted.starts_at(self.site, self.instance.urls):
            yield start_pages(place, pages, visitor)
        if official and self.site == MAP.name:
            yield ask_map(context, place, inside=self._inside, limit_s=self.limit_s)

    async def _rest(self, given: tuple[str, str], visitor: Visitor) -> Sequence[Finding]:
        finding = await account.rest_token(self._place, given, visitor)
        return [finding if self.wanted.rest else as_warning(finding)]

    def _other_hosts(self, seen: Seen) -> Sequence[Finding]:
        if not seen.blocked or seen.elsewhere:
            return []
        hosts = sorted(seen.blocked, key=lambda host: -seen.blocked[host])
        listed = ", ".join(hosts[:SHOWN_HOSTS]) + (", ..." if len(hosts) > SHOWN_HOSTS else "")
        remedy = "where the page needs them, name them under more_urls in the sites file; all others stay blocked"
        return [self._place.warning(OTHER_HOSTS, f"its start page asks hosts outside the fence: {listed}", remedy)]


async def _alone(check: Awaitable[Finding]) -> Sequence[Finding]:
    return [await check]

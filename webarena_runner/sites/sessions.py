"""Logged-in sessions of shared sites: each episode has one of its own, which is looked at before it is given again.

A fresh browser context does not part two episodes whose cookies are of one session on the server: when one of them
signs out, both are.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import StorageState

from webarena_runner.errors import LoginRefused, SiteError
from webarena_runner.interfaces import NewContext
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.login import SignedIn, log_in
from webarena_runner.sites.proof import proof_of

log = logging.getLogger(__name__)
# Magento refuses a form now and then, whose key was made for an older page.
TRIES = 2


@dataclass
class OnlySession:
    """Of an account that has one at a time: what another worker process has left (None: none), or who renews it."""

    session: SignedIn | None = None


@asynccontextmanager
async def nobody_else(site: str) -> AsyncIterator[OnlySession]:
    """For a run with one worker process."""
    yield OnlySession()


class Sessions:
    """Of one instance in one run, in which a log-in that the site refuses is not tried again; `limit_s` is for one.

    `renewing` keeps other worker processes from logging in to a site whose accounts have one session at a time.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        new_context: NewContext,
        limit_s: float,
        renewing: Callable[[str], AbstractAsyncContextManager[OnlySession]] = nobody_else,
    ) -> None:
        self._instance = instance
        self._new_context = new_context
        self._limit_s = limit_s
        self._renewing = renewing
        self._idle: dict[str, list[SignedIn]] = {}
        self._refused: dict[str, str] = {}
        # Guards what is kept of a site while one logs in to it: who waits learns what became of that.
        self._logging_in = {site: asyncio.Lock() for site in instance.urls}

    def clear(self) -> None:
        self._idle.clear()

    def forget(self, site: str) -> None:
        """It was away, or reset: what it knew of sessions may be gone, and what it refused then says nothing."""
        self._idle.pop(site, None)
        self._refused.pop(site, None)

    @asynccontextmanager
    async def held(self, site: str) -> AsyncIterator[SignedIn]:
        """A session that is signed in now.

        Raises:
            LoginRefused: the site has no log-in, or refuses the account, now or before.
            LoginError: it took too long.
            SiteError: the site does not answer.
        """
        if site not in self._instance.logins:
            raise LoginRefused(
                f"{site}: there is no log-in for this site; known: {', '.join(sorted(self._instance.logins))}; "
                f"describe its form in a sites file, under options.login.{site}"
            )
        if site not in self._instance.credentials:
            raise LoginRefused(f"{site}: there is no account to log in with; name one under options.accounts.{site}")
        idle = self._idle.setdefault(site, [])
        if self._instance.logins[site].one_session:
            yield await self._the_only(site, idle)
            return
        session = await self._own(site, idle)
        try:
            yield session
        finally:
            idle.append(session)

    async def is_signed_out(self, site: str, state: StorageState) -> bool:
        """Whether these cookies, which an episode has now, sign nobody in; not where the site does not answer."""
        try:
            return not await self._is_signed_in(site, SignedIn(state, ""))
        except SiteError as error:
            log.info("%s: cannot tell whether a session has ended: %s", site, error)
            return False

    async def _own(self, site: str, idle: list[SignedIn]) -> SignedIn:
        while idle:
            session = idle.pop()
            if await self._is_signed_in(site, session):
                return session
        async with self._logging_in[site]:
            return await self._new(site)

    async def _the_only(self, site: str, kept: list[SignedIn]) -> SignedIn:
        if kept and await self._is_signed_in(site, kept[0]):
            return kept[0]
        async with self._logging_in[site], self._renewing(site) as only:
            if only.session:
                kept[:] = [only.session]
            # Another episode may have renewed it meanwhile.
            if not (kept and await self._is_signed_in(site, kept[0])):
                kept[:] = [await self._new(site)]
                only.session = kept[0]
            return kept[0]

    async def _is_signed_in(self, site: str, session: SignedIn) -> bool:
        proof = await proof_of(
            site,
            self._instance.urls[site],
            self._instance.credentials[site][0],
            session.state,
            limit_s=self._limit_s,
            form=self._instance.logins[site],
            user_agent=session.user_agent,
            headers=self._headers(site),
        )
        if not proof.signed_in:
            log.info("%s: a session has ended (%s); logging in again", site, proof.told)
        return proof.signed_in

    async def _new(self, site: str) -> SignedIn:
        for _ in range(TRIES):
            if why := self._refused.get(site):
                raise LoginRefused(why)
            try:
                return await self._signed_in_by_headers(site) or await self._signed_in_by_form(site)
            except LoginRefused as error:
                refused = error
        self._refused[site] = str(refused)
        raise refused

    async def _signed_in_by_headers(self, site: str) -> SignedIn | None:
        """Without a form, where the headers of a site do it: each request then signs in by itself."""
        if not self._headers(site):
            return None
        session = SignedIn(StorageState(cookies=[], origins=[]), "")
        return session if await self._is_signed_in(site, session) else None

    async def _signed_in_by_form(self, site: str) -> SignedIn:
        url, headers = self._instance.urls[site], self._headers(site)
        async with self._new_context([url, *self._instance.more_urls], headers={url: headers}) as context:
            account = self._instance.credentials[site]
            form = self._instance.logins[site]
            return await log_in(context, site, url, account, form=form, limit_s=self._limit_s, headers=headers)

    def _headers(self, site: str) -> Mapping[str, str]:
        return self._instance.headers.get(site, {})

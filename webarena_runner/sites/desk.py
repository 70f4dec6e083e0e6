"""Where episodes get shared sites and give them back: in this process, or asked for elsewhere."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.sites.allocation import Grant, Request
from webarena_runner.sites.circuits import Circuits
from webarena_runner.sites.pool import Pool
from webarena_runner.sites.sessions import OnlySession, nobody_else


class SiteDesk(Protocol):
    """Of one run: who may use which copy, and how they are."""

    async def acquire(self, request: Request) -> Grant:
        """Waits for its turn. Raises SiteError when it will never come."""
        ...

    async def release(self, grant: Grant) -> None: ...

    def wrote(self, grant: Grant, site: str) -> None:
        """An episode was seen to change a site, now."""
        ...

    def away(self, request: Request) -> str:
        """Why the request will not be granted for now; "" when it may be."""
        ...

    def using(self, grant: Grant) -> AbstractAsyncContextManager[LeaseWatch]:
        """While an episode has its sites. Raises SiteAway in place of the error that ends it, when one is down."""
        ...

    def renewing(self, instance: str, site: str) -> AbstractAsyncContextManager[OnlySession]:
        """While a worker process looks for, or makes, the only session that an account may have."""
        ...


class OwnDesk:
    """Of this process."""

    def __init__(self, pool: Pool, circuits: Circuits) -> None:
        self._pool = pool
        self._circuits = circuits

    async def acquire(self, request: Request) -> Grant:
        return await self._pool.acquire(request)

    async def release(self, grant: Grant) -> None:
        await self._pool.release(grant)

    def wrote(self, grant: Grant, site: str) -> None:
        self._pool.wrote(grant, site)

    def away(self, request: Request) -> str:
        return self._pool.away(request)

    def renewing(self, instance: str, site: str) -> AbstractAsyncContextManager[OnlySession]:
        return nobody_else(site)

    @asynccontextmanager
    async def using(self, grant: Grant) -> AsyncIterator[LeaseWatch]:
        async with self._circuits.using(grant.instance, grant.request.sites) as watch:
            yield watch

"""The embedded sites as a provider: every lease has its own copy of the data on its own ports."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self

import httpx

from webarena_mini.catalog import MODULES, data_version
from webarena_runner.errors import SiteError
from webarena_runner.interfaces import SiteLease, SiteSetup
from webarena_runner.official.sites import HOMEPAGE, accounts_for
from webarena_runner.settings.options import PlugInOptions

START_LIMIT_S = 60
STOP_LIMIT_S = 5


class NoOptions(PlugInOptions):
    """Sites of the runner's own, fresh for every episode; there is nothing to set."""


class EmbeddedSites:
    """Runs `webarena_mini.server` as a child; starts it again when it has died."""

    caution: ClassVar[str] = "their data is made up, so is what the answers are"

    Options = NoOptions

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._client: httpx.AsyncClient | None = None
        self._starting = asyncio.Lock()  # guards _child and _client while a child starts

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        return cls()

    @classmethod
    def serves(cls, options: NoOptions) -> frozenset[str]:
        """All that there are."""
        return frozenset(MODULES)

    @classmethod
    def data_version(cls, task_set_sha256: str) -> str:
        return data_version(task_set_sha256.encode())

    async def __aenter__(self) -> Self:
        await self._control()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        """`writes` makes no difference here: nobody else sees a lease's data."""
        wanted = {"sites": list(dict.fromkeys((*sites, HOMEPAGE))), "login_sites": list(login_sites)}
        granted = await self._ask("POST", "/leases", wanted)
        try:
            yield SiteLease(
                urls=granted["urls"],
                storage_state=granted["storage_state"],
                credentials=accounts_for(sites),
                label=f"embedded#{granted['id']}",
            )
        finally:
            await self._ask("DELETE", f"/leases/{granted['id']}")

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        client = await self._control()
        try:
            response = await client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise SiteError(f"the embedded sites' process does not answer ({error!r})") from error
        if response.is_error:
            raise SiteError(f"the embedded sites refused {method} {path}: {response.text}")
        return dict(response.json()) if response.content else {}

    async def _control(self) -> httpx.AsyncClient:
        async with self._starting:
            if self._client is not None and self._child is not None and self._child.returncode is None:
                return self._client
            await self._stop()
            self._client = await self._start()
            return self._client

    async def _start(self) -> httpx.AsyncClient:
        token = secrets.token_urlsafe(24)
        # A session of its own: Ctrl-C in the terminal must not take the sites away from episodes that are finishing.
        self._child = child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "webarena_mini.server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        if child.stdin is None or child.stdout is None:
            raise SiteError("the embedded sites' process has no pipes")
        child.stdin.write(token.encode() + b"\n")
        try:
            async with asyncio.timeout(START_LIMIT_S):
                ready = await child.stdout.readline()
        except TimeoutError as error:
            raise SiteError(f"the embedded sites did not start within {START_LIMIT_S} s") from error
        if not ready:
            raise SiteError(
                f"the embedded sites' process ended at start with code {await child.wait()}; see its output above"
            )
        return httpx.AsyncClient(
            base_url=json.loads(ready)["control"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=START_LIMIT_S,
            trust_env=False,
        )

    async def _stop(self) -> None:
        client, self._client = self._client, None
        child, self._child = self._child, None
        if client is not None:
            await client.aclose()
        if child is None or child.returncode is not None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()

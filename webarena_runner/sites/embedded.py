"""The embedded sites as a provider: every lease has its own copy of the data on its own ports."""

import asyncio
import json
import logging
import secrets
import ssl
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self

import httpx

from webarena_mini.catalog import MODULES, data_version
from webarena_runner.errors import SiteError, SitesGone
from webarena_runner.interfaces import SiteLease, SiteSetup
from webarena_runner.lifeline import Lifeline
from webarena_runner.official.sites import HOMEPAGE, accounts_for
from webarena_runner.settings.options import PlugInOptions

log = logging.getLogger(__name__)
START_LIMIT_S = 60
ANSWER_LIMIT_S = 30
RELEASE_LIMIT_S = 10
STOP_LIMIT_S = 5


class NoOptions(PlugInOptions):
    """Sites of the runner's own, fresh for every episode; there is nothing to set."""


class EmbeddedSites:
    """Runs `webarena_mini.server` as a child; starts it again when it has died."""

    fresh: ClassVar[bool] = True
    caution: ClassVar[str] = "their data is made up, so is what the answers are"

    Options = NoOptions

    def __init__(self) -> None:
        self._process: _SitesProcess | None = None
        self._starting = asyncio.Lock()  # guards _process while one starts

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        return cls()

    @classmethod
    def serves(cls, options: NoOptions) -> frozenset[str]:
        """All that there are."""
        return frozenset(MODULES)

    @classmethod
    def addresses(cls, options: NoOptions, sites: Sequence[str]) -> list[str]:
        """None that a task could have been written for: every lease has new ports."""
        return []

    @classmethod
    def data_version(cls, task_set_sha256: str) -> str:
        return data_version(task_set_sha256.encode())

    async def __aenter__(self) -> Self:
        await self._running()
        return self

    async def __aexit__(self, *exc: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.aclose()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        """`writes` makes no difference here: nobody else sees a lease's data."""
        wanted = {"sites": list(dict.fromkeys((*sites, HOMEPAGE))), "login_sites": list(login_sites)}
        process = await self._running()
        async with process.lifeline.held(SitesGone):
            granted = await process.ask("POST", "/leases", wanted)
            try:
                yield SiteLease(
                    urls=granted["urls"],
                    storage_state=granted["storage_state"],
                    credentials=accounts_for(sites),
                    label=f"embedded#{granted['id']}",
                )
            finally:
                await process.release(granted["id"])

    async def _running(self) -> "_SitesProcess":
        async with self._starting:
            if self._process is None or self._process.lifeline.is_cut:
                ended, self._process = self._process, None
                if ended is not None:
                    await ended.aclose()
                self._process = await _SitesProcess.start()
            return self._process


class _SitesProcess:
    """One `webarena_mini.server`; its `lifeline` is cut when it ends, or no longer answers."""

    def __init__(self, child: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
        self.lifeline = Lifeline()
        self._child = child
        self._client = client
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls) -> Self:
        """Raises SiteError."""
        token = secrets.token_urlsafe(24)
        # A session of its own: Ctrl-C in the terminal must not take the sites away from episodes that are finishing.
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "webarena_mini.server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            ready = await _first_answer(child, token)
        except BaseException:
            await _end(child)
            raise
        client = httpx.AsyncClient(
            base_url=json.loads(ready)["control"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_LIMIT_S,
            trust_env=False,
            # It speaks plain HTTP on the loopback; to read whom to trust elsewhere takes some hundredths of a second.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )
        return cls(child, client)

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Raises SiteError."""
        try:
            response = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            if isinstance(error, httpx.TimeoutException):
                # It renders pages too: what does not answer here serves nobody.
                self._child.kill()
            raise SiteError(f"the embedded sites' process does not answer ({error!r})") from error
        if response.is_error:
            raise SiteError(f"the embedded sites refused {method} {path}: {response.text}")
        return dict(response.json()) if response.content else {}

    async def release(self, lease_id: int) -> None:
        """Whatever fails here was not the episode's: its score stands, and the lease goes with the process."""
        if self.lifeline.is_cut:
            return
        try:
            async with asyncio.timeout(RELEASE_LIMIT_S):
                await self.ask("DELETE", f"/leases/{lease_id}")
        except (SiteError, TimeoutError) as error:
            log.warning("lease %d of the embedded sites was not given back: %s", lease_id, str(error) or repr(error))

    async def aclose(self) -> None:
        self._watcher.cancel()
        await asyncio.wait([self._watcher])
        await self._client.aclose()
        await _end(self._child)

    async def _watch(self) -> None:
        code = await self._child.wait()
        self.lifeline.cut(f"the embedded sites' process ended with code {code}; it is started afresh")


async def _first_answer(child: asyncio.subprocess.Process, token: str) -> bytes:
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
    return ready


async def _end(child: asyncio.subprocess.Process) -> None:
    """Asks it to end, and ends it when it does not."""
    if child.returncode is not None:
        return
    if child.stdin is not None:
        child.stdin.close()
    try:
        async with asyncio.timeout(STOP_LIMIT_S):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()

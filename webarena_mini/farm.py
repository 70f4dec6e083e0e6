"""Running copies of the embedded sites: one port for each, reused from lease to lease after a reset."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webarena_mini.catalog import load_site, snapshot_of
from webarena_mini.errors import PortTaken
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance

HOST = "127.0.0.1"
DRAIN_LIMIT_S = 2.0
# Far more than any page has; Python refuses to read numbers of more than 4,300 digits.
LONGEST_PATH = 2_000


@dataclass(frozen=True)
class FarmLease:
    """Sites of one episode: their URLs, and cookies that are already logged in (Playwright storage state)."""

    lease_id: int
    urls: dict[str, str]
    storage_state: dict[str, Any]


class _Gate:
    """Lets a site's data be exchanged between requests, never within one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_leased = False
        self._inside = 0
        self._idle = asyncio.Event()
        self._open = asyncio.Event()
        self._idle.set()
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(scope["path"]) > LONGEST_PATH:
            refusal = PlainTextResponse("This address is too long.", status_code=414)
            return await refusal(scope, receive, send)
        if not self.is_leased:
            # Its data is gone.
            refusal = PlainTextResponse("No episode has this site now.", status_code=503)
            return await refusal(scope, receive, send)
        await self._open.wait()
        self._inside += 1
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                self._idle.set()
        return None

    @property
    def is_busy(self) -> bool:
        return self._inside > 0

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """New requests wait outside, those inside end first; one that does not end is not waited for."""
        self._open.clear()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_LIMIT_S):
                    await self._idle.wait()
            yield
        finally:
            self._open.set()


@dataclass
class _Slot:
    """One site on one port. The port and the server stay; each lease has data and a cookie name of its own."""

    port: int
    instance: Instance
    gate: _Gate
    server: uvicorn.Server
    serving: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self.instance.site.path}"


def config_of(app: ASGIApp, **more: Any) -> uvicorn.Config:
    """What all our servers have in common: plain HTTP, and no log of their own."""
    return uvicorn.Config(app, http="auto", ws="none", lifespan="off", log_config=None, access_log=False, **more)


class SiteServer(uvicorn.Server):
    """Many servers share this process, so none of them may take over its signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Farm:
    """All slots of one process. Methods run on one event loop.

    `snapshot_folder` keeps the sites' seed data from one process to the next; None builds it anew.
    """

    snapshot_folder: Path | None = None
    _idle: dict[str, list[_Slot]] = field(default_factory=dict)
    _leased: dict[int, list[_Slot]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def lease(
        self, sites: Sequence[str], login_sites: Sequence[str] = (), *, ports: Sequence[int] | None = None
    ) -> FarmLease:
        """Fresh copies of `sites`; `ports` fixes the port of each, else they are free ones.

        Raises:
            UnknownSite: there is no embedded site of a name.
            PortTaken: a port cannot be opened.
        """
        number = next(self._numbers)
        slots = self._leased[number] = []
        for index, name in enumerate(sites):
            slots.append(await self._slot(name, ports[index] if ports else 0))
        urls = {slot.instance.site.name: slot.url for slot in slots}
        cookies = []
        async with _fresh(slots):
            for slot in slots:
                instance = slot.instance
                # Chromium sends cookies to every port of a host, so the name tells sites and leases apart.
                instance.cookie = f"{instance.site.name}_{slot.port}_{number}_sid"
                instance.urls = urls
                if instance.site.login and instance.site.name in login_sites:
                    cookies.append(_cookie(instance.cookie, instance.site.login(instance.database)))
        return FarmLease(number, urls, {"cookies": cookies, "origins": []})

    def instances(self, lease_id: int) -> list[Instance]:
        """The sites of a lease as they run in this process."""
        return [slot.instance for slot in self._leased[lease_id]]

    async def reset(self, lease_id: int) -> None:
        """Puts all sites of a lease back to their first state; nobody is logged in then."""
        async with _fresh(self._leased[lease_id]):
            pass

    def release(self, lease_id: int) -> None:
        """What is left of the data of an episode is dropped: all copies of all sites add up to much."""
        for slot in self._leased.pop(lease_id, []):
            slot.gate.is_leased = False
            if not slot.gate.is_busy:
                slot.instance.database.close()
            self._idle.setdefault(slot.instance.site.name, []).append(slot)

    async def close(self) -> None:
        slots = [slot for group in (*self._idle.values(), *self._leased.values()) for slot in group]
        self._idle.clear()
        self._leased.clear()
        for slot in slots:
            slot.server.should_exit = slot.server.force_exit = True
        for slot in slots:
            await slot.serving
            slot.instance.database.close()

    async def _slot(self, name: str, port: int) -> _Slot:
        idle = self._idle.get(name)
        if idle and not port:
            return idle.pop()
        site = load_site(name)
        listener = listen(port)
        instance = Instance(site, Database(snapshot_of(name, self.snapshot_folder)), cookie="")
        gate = _Gate(site.app(instance))
        server = SiteServer(config_of(gate, server_header=False, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name=f"{name}:{listener.getsockname()[1]}")
        return _Slot(listener.getsockname()[1], instance, gate, server, serving)


@asynccontextmanager
async def _fresh(slots: Sequence[_Slot]) -> AsyncIterator[None]:
    """All sites at once back in their first state, and no request until the block ends."""
    async with AsyncExitStack() as stack:
        for slot in slots:
            await stack.enter_async_context(slot.gate.closed())
        for slot in slots:
            slot.instance.database.reset()
            slot.gate.is_leased = True
        yield


def listen(port: int) -> socket.socket:
    # asyncio turns Nagle's delay off (40 ms a response) only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"port {port} on {HOST} cannot be opened ({error.strerror}); stop what uses it, or choose another port"
        ) from error
    # Connections queue here from this moment on, even before the server's first turn on the event loop.
    listener.listen(128)
    return listener


def _cookie(name: str, value: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "domain": HOST,
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": False,
        "sameSite": "Lax",
    }

"""What observations are timed with beside a public package: pages, the package's process, the bare protocol, rows."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson
import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.local_site import Reply, serve
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.browser.observe.devtools import connect, find_endpoint
from webarena_runner.sites.embedded import EmbeddedSites

ROWS = (5, 60, 120, 600)
EMBEDDED = {
    "shopping": ("/", "/electronics.html", "/sales/order/history/"),
    "reddit": ("/", "/forums/all"),
}
PEER_BUDGET_S = 30.0
LARGE_NODES = 500
PACKAGE = "package"
Command = tuple[str, Mapping[str, Any]]


def shop_page(rows: int) -> bytes:
    """A listing with about eight accessibility nodes a row."""
    items = "".join(
        f"<li><a href='/{row}'><img src='data:,' alt='Product {row}'>Product {row}</a> <span>$ {row}.99</span>"
        f"<button>Add {row} to cart</button></li>"
        for row in range(rows)
    )
    return f"<!doctype html><title>{rows} rows</title><h1>Catalogue</h1><ul>{items}</ul>".encode()


@contextmanager
def served() -> Iterator[str]:
    """Origin of a server whose path /ROWS is a listing of that length."""
    with serve() as site:
        for rows in ROWS:
            site.route(f"/{rows}", partial(Reply, shop_page(rows)))
        yield site.url


@dataclass(frozen=True)
class Page:
    name: str
    url: str
    storage_state: Mapping[str, Any] = field(default_factory=lambda: {"cookies": [], "origins": []})


async def pages_of(urls: Sequence[str], stack: AsyncExitStack) -> list[Page]:
    """Those given; else made-up listings and pages of the embedded sites."""
    if urls:
        return [Page(url, url) for url in urls]
    origin = stack.enter_context(served())
    sites = await stack.enter_async_context(EmbeddedSites())
    lease = await stack.enter_async_context(sites.lease(list(EMBEDDED), login_sites=list(EMBEDDED), writes=False))
    listings = [Page(f"listing of {rows} rows", f"{origin}/{rows}") for rows in ROWS]
    assert lease.storage_state is not None
    return listings + [
        Page(f"embedded {site} {path}", lease.urls[site] + path, lease.storage_state)
        for site, paths in EMBEDDED.items()
        for path in paths
    ]


class Peer:
    """A package in a process of its own, with a Chromium of its own, behind a script of this folder."""

    def __init__(self, python: str, script: str, *, folder: Path | None = None) -> None:
        command = [python, str(Path(__file__).with_name(script).resolve()), str(find_browser(None).path)]
        self._process = subprocess.Popen(
            [*command, *launch_args(root=os.geteuid() == 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"the package's process ended ({self._process.wait()}); its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


async def timed_ms(action: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await action()
    return 1000 * (time.perf_counter() - started)


@asynccontextmanager
async def bare(environment: EpisodeEnvironment, *first: Command) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """What the protocol alone takes: commands sent together to the tab, whose answers are received and not parsed.

    On a connection of its own, after the `first` commands.
    """
    tab, browser = environment.tabs.current, environment.tabs.context.browser
    assert browser is not None
    _, target_id = await connect(tab.page, None)
    found = await find_endpoint(browser)
    assert found is not None
    url = f"{found[0]}/devtools/page/{target_id}"
    async with websockets.connect(url, compression=None, max_size=None) as connection:
        await _answered(connection, *first)
        yield partial(_answered, connection)


async def _answered(connection: ClientConnection, *commands: Command) -> None:
    for number, (method, params) in enumerate(commands):
        await connection.send(orjson.dumps({"id": number, "method": method, "params": params}), text=True)
    for _ in commands:
        await connection.recv(decode=False)


async def nodes_of(environment: EpisodeEnvironment) -> int:
    return len((await environment.tabs.current.tools.send("Accessibility.getFullAXTree"))["nodes"])


@dataclass
class Row:
    """Times in ms by what was timed, one of each turn; the package has fewer turns on a page where it is slow."""

    page: str
    nodes: int
    ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    same_text: bool = True

    @property
    def has_package(self) -> bool:
        return bool(self.ms[PACKAGE])

    @property
    def wants_package(self) -> bool:
        return sum(self.ms[PACKAGE]) < 1000 * PEER_BUDGET_S

    def median(self, what: str) -> float:
        return statistics.median(self.ms[what])

    def ratio(self, one: str, other: str) -> float:
        """The median of the ratios of each turn."""
        return statistics.median(a / b for a, b in zip(self.ms[one], self.ms[other], strict=False))

    def time_of(self, what: str, width: int) -> str:
        return f"{self.median(what):{width}.1f}" if self.ms[what] else f"{'-':>{width}}"

    def ratio_of(self, one: str, other: str, width: int) -> str:
        return f"{self.ratio(one, other):{width}.2f}" if self.ms[one] and self.ms[other] else f"{'-':>{width}}"

    @property
    def text(self) -> str:
        """Whether the package's text is ours."""
        return ("same" if self.same_text else "DIFFERS") if self.has_package else "-"


def median_ratio(rows: Sequence[Row], one: str, other: str) -> float:
    """Of the pages, each with the median of its turns."""
    return statistics.median(row.ratio(one, other) for row in rows)


async def turns(
    row: Row, repeats: int, ours: Mapping[str, Callable[[], Awaitable[object]]], package: Callable[[], float] | None
) -> None:
    """Each in turn on the same page, `repeats` times; `package` gives its own time."""
    for _ in range(repeats):
        for name, action in ours.items():
            row.ms[name].append(await timed_ms(action))
        if package and row.wants_package:
            row.ms[PACKAGE].append(package())

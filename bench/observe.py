"""Times the observation against the public package `libwebarena` and against its floor, and a whole step.

The floor is what the protocol itself takes: the accessibility tree and the DOM snapshot that the official code asks
for, sent together on a connection of its own, the answers received and not even parsed. Ours, the package's and the
floor take turns on the same page, each on a browser of its own (the floor on ours), all of the same Chromium.

`make bench-observe` installs the package in an environment of its own and runs this. Pages given as URLs are timed
instead of the made-up listings and the pages of the embedded sites.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.local_site import Reply, serve
from tests.support.pages import renumbered
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.browser.observe.devtools import connect, find_endpoint
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.types import Scroll

ROWS = (5, 60, 120, 600)
EMBEDDED = {
    "shopping": ("/", "/electronics.html", "/sales/order/history/"),
    "reddit": ("/", "/forums/all"),
}
OFFICIAL_SNAPSHOT = {"computedStyles": [], "includeDOMRects": True, "includePaintOrder": True}
# All properties, as the package prints them on a new Chromium.
AS_THE_PACKAGE = ObservationSettings(ax_properties="browser")
PEER_BUDGET_S = 30.0
LARGE_NODES = 500


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


class Peer:
    """The package in a process of its own, with a Chromium of its own."""

    def __init__(self, python: str) -> None:
        command = [python, str(Path(__file__).with_name("peer_observe.py")), str(find_browser(None).path)]
        self._process = subprocess.Popen(
            [*command, *launch_args(root=os.geteuid() == 0)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"the process with libwebarena ended ({self._process.wait()}); its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()


async def floor(connection: ClientConnection) -> None:
    await connection.send(orjson.dumps({"id": 1, "method": "Accessibility.getFullAXTree"}), text=True)
    snapshot = {"id": 2, "method": "DOMSnapshot.captureSnapshot", "params": OFFICIAL_SNAPSHOT}
    await connection.send(orjson.dumps(snapshot), text=True)
    for _ in range(2):
        await connection.recv(decode=False)


async def timed_ms(action: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await action()
    return 1000 * (time.perf_counter() - started)


@dataclass
class Row:
    """Times in ms; a ratio is the median of the ratios of each turn."""

    page: str
    nodes: int
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    package: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    same_text: bool = True

    @property
    def to_floor(self) -> float:
        return statistics.median(one / other for one, other in zip(self.ours, self.bare, strict=True))

    @property
    def speed_up(self) -> float | None:
        turns = zip(self.package, self.ours, strict=False)
        return statistics.median([theirs / one for theirs, one in turns]) if self.package else None

    def __str__(self) -> str:
        median = statistics.median
        package = f"{median(self.package):10.1f} {self.speed_up:8.1f}" if self.package else f"{'-':>10} {'-':>8}"
        text = ("same" if self.same_text else "DIFFERS") if self.package else "-"
        times = f"{median(self.ours):8.1f} {median(self.bare):9.1f} {self.to_floor:6.2f}"
        return f"{self.nodes:8d} {times} {package}  {text:>7} {median(self.steps):8.1f}  {self.page}"


HEAD = " AX nodes ours ms  floor ms  ratio package ms speed-up    text  step ms  page"


async def measure(environment: EpisodeEnvironment, page: Page, peer: Peer | None, repeats: int) -> Row:
    tab, browser = environment.tabs.current, environment.tabs.context.browser
    assert browser is not None
    _, target_id = await connect(tab.page, None)
    found = await find_endpoint(browser)
    assert found is not None
    url = f"{found[0]}/devtools/page/{target_id}"
    row = Row(page.name, len((await tab.tools.send("Accessibility.getFullAXTree"))["nodes"]))
    if peer:
        peer.ask({"url": page.url, "cookies": page.storage_state["cookies"]})
    async with websockets.connect(url, compression=None, max_size=None) as connection:
        await connection.send(orjson.dumps({"id": 0, "method": "Accessibility.enable"}), text=True)
        await connection.recv()
        await floor(connection)
        text = (await environment.observe()).text
        for _ in range(repeats):
            row.ours.append(await timed_ms(environment.observe))
            row.bare.append(await timed_ms(lambda: floor(connection)))
            if peer and sum(row.package) < 1000 * PEER_BUDGET_S:
                answer = peer.ask({})
                row.package.append(answer["ms"])
                row.same_text &= renumbered(answer["text"]) == renumbered(text)
    return row


async def time_steps(session: BrowserSession, page: Page, repeats: int) -> list[float]:
    """Whole steps, screenshot included: scrolling down and up again."""
    steps = []
    async with session.episode(
        urls={"": page.url}, storage_state=page.storage_state, start_urls=[page.url]
    ) as environment:
        await environment.observe()
        for turn in range(repeats):
            down_or_up = Scroll(direction="up" if turn % 2 else "down")
            steps.append(await timed_ms(lambda action=down_or_up: environment.step(action)))
    return steps


async def pages_of(urls: list[str], origin: str, stack: AsyncExitStack) -> list[Page]:
    if urls:
        return [Page(url, url) for url in urls]
    sites = await stack.enter_async_context(EmbeddedSites())
    lease = await stack.enter_async_context(sites.lease(list(EMBEDDED), login_sites=list(EMBEDDED), writes=False))
    listings = [Page(f"listing of {rows} rows", f"{origin}/{rows}") for rows in ROWS]
    assert lease.storage_state is not None
    return listings + [
        Page(f"embedded {site} {path}", lease.urls[site] + path, lease.storage_state)
        for site, paths in EMBEDDED.items()
        for path in paths
    ]


async def main(urls: list[str], *, repeats: int, peer_python: str | None) -> None:
    async with AsyncExitStack() as stack:
        pages = await pages_of(urls, stack.enter_context(served()), stack)
        peer = Peer(peer_python) if peer_python else None
        if peer:
            stack.callback(peer.close)
        bare = BrowserSettings(screenshots=False)
        session = await stack.enter_async_context(BrowserSession(bare, AS_THE_PACKAGE, SettleSettings()))
        whole = await stack.enter_async_context(
            BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings())
        )
        rows = []
        print(HEAD)
        for page in pages:
            async with session.episode(
                urls={"": page.url}, storage_state=page.storage_state, start_urls=[page.url]
            ) as environment:
                row = await measure(environment, page, peer, repeats)
            row.steps = await time_steps(whole, page, repeats)
            print(row, flush=True)
            rows.append(row)
        print(summary([row for row in rows if row.nodes >= LARGE_NODES]))


def summary(large: list[Row]) -> str:
    if not large:
        return ""
    median = statistics.median
    told = f"pages of {LARGE_NODES} nodes or more: {median(row.to_floor for row in large):.2f} times the floor"
    speed_ups = [row.speed_up for row in large if row.speed_up is not None]
    return told + (f", {median(speed_ups):.1f} times as fast as the package (medians)" if speed_ups else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to time")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--peer-python", metavar="PYTHON", help="a Python that has libwebarena")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.urls, repeats=arguments.repeats, peer_python=arguments.peer_python))

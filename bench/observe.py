"""Times the observation against its floor, and a whole step, on pages of several sizes.

The floor is what the protocol itself takes: the accessibility tree and the DOM snapshot that the official code asks
for, sent together on a connection of its own, the answers received and not even parsed. Ours and the floor take turns
on one live page. Run it with: .venv/bin/python bench/observe.py [URL ...]
"""

import argparse
import asyncio
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import websockets
from playwright.async_api import Browser
from websockets.asyncio.client import ClientConnection

from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.capture import read_page
from webarena_runner.browser.observe.devtools import connect, find_endpoint
from webarena_runner.browser.session import BrowserSession
from webarena_runner.config import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Scroll

ROWS = (10, 60, 120, 600, 2400)
OFFICIAL_SNAPSHOT = {"computedStyles": [], "includeDOMRects": True, "includePaintOrder": True}


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

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            name = self.path.strip("/")
            body = shop_page(int(name)) if name.isdigit() else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


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


async def measure(environment: EpisodeEnvironment, browser: Browser, repeats: int) -> str:
    """One row of the table; medians in ms."""
    tab, settings = environment.tabs.current, ObservationSettings()
    _, target_id = await connect(tab.page, None)
    url = f"{await find_endpoint(browser)}/devtools/page/{target_id}"
    ours, bare, steps, parts = [], [], [], []
    async with websockets.connect(url, compression=None, max_size=None) as connection:
        await connection.send(orjson.dumps({"id": 0, "method": "Accessibility.enable"}), text=True)
        await connection.recv()
        nodes = len((await tab.tools.send("Accessibility.getFullAXTree"))["nodes"])
        await floor(connection)
        for _ in range(repeats):
            ours.append(await timed_ms(lambda: read_page(tab.tools, tab.activity.main_frame, settings)))
            bare.append(await timed_ms(lambda: floor(connection)))
    await environment.observe()
    for turn in range(repeats):
        started = time.perf_counter()
        seen = await environment.step(Scroll(direction="up" if turn % 2 else "down"))
        steps.append(1000 * (time.perf_counter() - started))
        parts.append(seen.timings_ms)
    middle = statistics.median
    split = "  ".join(f"{middle([part[name] for part in parts]):7.1f}" for name in parts[0])
    ratio = middle([one / other for one, other in zip(ours, bare, strict=True)])
    return f"{nodes:8d} {middle(ours):8.1f} {middle(bare):8.1f} {ratio:6.2f} {middle(steps):8.1f}  {split}"


async def main(urls: list[str], repeats: int) -> None:
    with served() as origin:
        pages = urls or [f"{origin}/{rows}" for rows in ROWS]
        print(" AX nodes  ours ms floor ms  ratio  step ms  execute   settle  observe  screenshot   page")
        async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
            for page in pages:
                async with session.episode(urls={"page": page}, start_urls=[page]) as environment:
                    browser = environment.tabs.context.browser
                    assert browser is not None
                    print(await measure(environment, browser, repeats), "  ", page.removeprefix(origin), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to time (default: made up listings)")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.urls, arguments.repeats))

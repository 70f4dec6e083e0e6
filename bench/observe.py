"""Times the observation against the public package `libwebarena` and against its floor, and a whole step.

The floor is what the protocol itself takes: the accessibility tree and the DOM snapshot that the official code asks
for, sent together on a connection of its own, the answers received and not even parsed. Ours, the package's and the
floor take turns on the same page, each on a browser of its own (the floor on ours), all of the same Chromium.

`make bench-observe` installs the package in an environment of its own and runs this. Pages given as URLs are timed
instead of the made-up listings and the pages of the embedded sites.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from functools import partial

from bench.turns import LARGE_NODES, PACKAGE, Page, Peer, Row, bare, median_ratio, nodes_of, pages_of, timed_ms, turns
from tests.support.pages import renumbered
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Scroll

OFFICIAL_SNAPSHOT = {"computedStyles": [], "includeDOMRects": True, "includePaintOrder": True}
FLOOR = (("Accessibility.getFullAXTree", {}), ("DOMSnapshot.captureSnapshot", OFFICIAL_SNAPSHOT))
# All properties, as the package prints them on a new Chromium.
AS_THE_PACKAGE = ObservationSettings(ax_properties="browser")
HEAD = " AX nodes ours ms  floor ms  ratio package ms speed-up    text  step ms  page"


def line_of(row: Row) -> str:
    times = f"{row.time_of('ours', 8)} {row.time_of('floor', 9)} {row.ratio_of('ours', 'floor', 6)}"
    package = f"{row.time_of(PACKAGE, 10)} {row.ratio_of(PACKAGE, 'ours', 8)}  {row.text:>7}"
    return f"{row.nodes:8d} {times} {package} {row.time_of('step', 8)}  {row.page}"


async def measure(environment: EpisodeEnvironment, page: Page, peer: Peer | None, repeats: int) -> Row:
    row = Row(page.name, await nodes_of(environment))
    if peer:
        peer.ask({"url": page.url, "cookies": page.storage_state["cookies"]})
    async with bare(environment, ("Accessibility.enable", {})) as floor:
        await floor(*FLOOR)
        text = (await environment.observe()).text

        def package_ms() -> float:
            assert peer is not None
            answer = peer.ask({})
            row.same_text &= renumbered(answer["text"]) == renumbered(text)
            return float(answer["ms"])

        timed = {"ours": environment.observe, "floor": partial(floor, *FLOOR)}
        await turns(row, repeats, timed, package_ms if peer else None)
    return row


async def time_steps(session: BrowserSession, page: Page, repeats: int) -> list[float]:
    """Whole steps, screenshot included: scrolling down and up again."""
    steps = []
    async with session.episode(
        urls={"": page.url}, storage_state=page.storage_state, start_urls=[page.url]
    ) as environment:
        await environment.observe()
        for turn in range(repeats):
            steps.append(await timed_ms(partial(environment.step, Scroll(direction="up" if turn % 2 else "down"))))
    return steps


async def main(urls: list[str], *, repeats: int, peer_python: str | None) -> None:
    async with AsyncExitStack() as stack:
        pages = await pages_of(urls, stack)
        peer = stack.enter_context(Peer(peer_python, "peer_observe.py")) if peer_python else None
        bare_settings = BrowserSettings(screenshots="none")
        session = await stack.enter_async_context(BrowserSession(bare_settings, AS_THE_PACKAGE, SettleSettings()))
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
            row.ms["step"] = await time_steps(whole, page, repeats)
            print(line_of(row), flush=True)
            rows.append(row)
        print(summary([row for row in rows if row.nodes >= LARGE_NODES]))


def summary(large: list[Row]) -> str:
    if not large:
        return ""
    told = f"pages of {LARGE_NODES} nodes or more: {median_ratio(large, 'ours', 'floor'):.2f} times the floor"
    beside = [row for row in large if row.has_package]
    return told + (
        f", {median_ratio(beside, PACKAGE, 'ours'):.1f} times as fast as the package (medians)" if beside else ""
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to time")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--peer-python", metavar="PYTHON", help="a Python that has libwebarena")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.urls, repeats=arguments.repeats, peer_python=arguments.peer_python))

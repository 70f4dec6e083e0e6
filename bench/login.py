"""What it costs that a log-in is verified at each lease, and that a site's requests go through the episode's proxy.

The embedded sites run in a process of their own and are given by URL, as real ones are. Times are beside a floor of the
same run: the same page of the site, asked for once, without cookies.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx

from webarena_runner.browser.session import BrowserSession
from webarena_runner.official.sites import LOGIN_FORMS, OFFICIAL_ACCOUNTS
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.shared import SharedSites

LIMIT_MS = 30.0
WARM_UP = 3
PAGES_OF = "shopping"


async def timed_ms(action: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await action()
    return 1000 * (time.perf_counter() - started)


def told(name: str, times_ms: Sequence[float]) -> str:
    ordered = sorted(times_ms)
    return f"{name:44} {statistics.median(ordered):8.1f} {ordered[int(0.95 * len(ordered))]:8.1f} {ordered[-1]:8.1f}"


async def time_leases(urls: Mapping[str, str], browser: BrowserSession, repeats: int) -> float:
    """The median of the slowest site; the first lease, which logs in by form, is shown for itself."""
    instance = Instance("1", urls, credentials=OFFICIAL_ACCOUNTS)
    medians = []
    async with SharedSites([instance], label="static", new_context=browser.context) as sites:
        for site in LOGIN_FORMS:

            async def lease(site: str = site) -> None:
                async with sites.lease([site], login_sites=[site], writes=False):
                    pass

            first = await timed_ms(lease)
            verified = [await timed_ms(lease) for _ in range(WARM_UP + repeats)][WARM_UP:]
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                page = LOGIN_FORMS[site].proof_url(urls[site], OFFICIAL_ACCOUNTS[site][0])
                bare = [await timed_ms(partial(client.get, page)) for _ in range(WARM_UP + repeats)][WARM_UP:]
            print(told(f"{site}: lease, log-in verified", verified))
            print(told("  the page that is asked for it, bare", bare))
            print(told("  the first lease, which logs in by form", [first]))
            medians.append(statistics.median(verified))
    return max(medians)


async def time_pages(urls: Mapping[str, str], browser: BrowserSession, repeats: int) -> None:
    """A page of the shop, with all that it loads, past the proxy and through it."""
    own: tuple[Mapping[str, Any], ...] = ({}, {"headers": {PAGES_OF: {"X-Bench": "1"}}})
    times: tuple[list[float], ...] = ([], [])
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                browser.episode(urls={PAGES_OF: urls[PAGES_OF]}, start_urls=[urls[PAGES_OF]], **options)
            )
            for options in own
        ]
        for turn in range(WARM_UP + repeats):
            for environment, column in zip(opened, times, strict=True):
                page = environment.tabs.current.page
                spent = await timed_ms(partial(page.goto, urls[PAGES_OF]))
                if turn >= WARM_UP:
                    column.append(spent)
    print(told(f"{PAGES_OF}: a page, past the proxy", times[0]))
    print(told(f"{PAGES_OF}: a page, through the proxy", times[1]))


async def measure(repeats: int) -> float:
    settings = (BrowserSettings(), ObservationSettings(), SettleSettings())
    async with (
        EmbeddedSites() as embedded,
        embedded.lease(list(LOGIN_FORMS), login_sites=(), writes=True) as lease,
        BrowserSession(*settings) as browser,
    ):
        print(f"{'ms, ' + str(repeats) + ' turns':44} {'median':>8} {'95 %':>8} {'max':>8}")
        slowest = await time_leases(lease.urls, browser, repeats)
        await time_pages(lease.urls, browser, repeats)
    return slowest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    slowest = asyncio.run(measure(parser.parse_args().repeats))
    good = slowest < LIMIT_MS
    print(f"slowest site's median {slowest:.1f} ms: {'under' if good else 'NOT UNDER'} {LIMIT_MS:g} ms")
    return not good


if __name__ == "__main__":
    raise SystemExit(main())

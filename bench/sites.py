"""What a lease of all embedded sites costs: time from asking to being logged in, and memory.

Times are beside a floor of the same run: deserialising the same seed data into fresh databases, and nothing else.
"""

import argparse
import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import psutil

from webarena_mini.catalog import MODULES, load_site
from webarena_mini.farm import Farm
from webarena_mini.server import snapshot_folder
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.sites.embedded import EmbeddedSites

SITES, LOGIN_SITES = list(MODULES), list(OFFICIAL_ACCOUNTS)
WARM_UP = 3


def memory_mib() -> float:
    """Proportional set size of this process: memory of its own, and its share of what it shares."""
    return float(psutil.Process().memory_full_info().pss) / 2**20


async def timed_ms(action: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await action()
    return 1000 * (time.perf_counter() - started)


async def floor() -> None:
    for site in SITES:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(load_site(site).snapshot())
        connection.close()


def told(name: str, times_ms: list[float], floor_ms: list[float]) -> str:
    ratio = statistics.median(one / other for one, other in zip(times_ms, floor_ms, strict=True))
    ordered = sorted(times_ms)
    return (
        f"{name:44} {statistics.median(times_ms):8.1f} {ordered[int(0.95 * len(ordered))]:8.1f} {ordered[-1]:8.1f} "
        f"{ratio:8.1f}"
    )


async def time_leases(repeats: int) -> None:
    """In the sites' own process, and as a run's episodes ask for them, from another one over HTTP."""
    farm = Farm(snapshot_folder())
    columns: tuple[list[float], ...] = ([], [], [], [])
    bare, resets, in_process, over_http = columns

    async def lease_here() -> None:
        farm.release((await farm.lease(SITES, LOGIN_SITES)).lease_id)

    async def lease_there() -> None:
        await stack.enter_async_context(provider.lease(SITES, login_sites=LOGIN_SITES, writes=True))

    async with EmbeddedSites() as provider:
        shared = await farm.lease(SITES)
        for turn in range(WARM_UP + repeats):
            async with AsyncExitStack() as stack:
                there = await timed_ms(lease_there)
            reset = await timed_ms(lambda: farm.reset(shared.lease_id))
            turns = (await timed_ms(floor), reset, await timed_ms(lease_here), there)
            if turn >= WARM_UP:
                for column, value in zip(columns, turns, strict=True):
                    column.append(value)
    await farm.close()
    print(f"{'ms, ' + str(repeats) + ' turns':44} {'median':>8} {'95 %':>8} {'max':>8} {'x floor':>8}")
    print(told("floor: deserialise the data of 7 sites", bare, bare))
    print(told("reset of 7 sites", resets, bare))
    print(told("lease of 7 sites, 4 logged in", in_process, bare))
    print(told("the same over HTTP, as an episode asks", over_http, bare))


async def count_memory(leases: int) -> None:
    farm = Farm(snapshot_folder())
    before = memory_mib()
    await farm.lease(SITES, LOGIN_SITES)
    one = memory_mib()
    for _ in range(leases - 1):
        await farm.lease(SITES, LOGIN_SITES)
    all_of_them = memory_mib()
    await farm.close()
    print(f"memory: {before:.0f} MiB at first, {one:.0f} with 1 lease of 7 sites, {all_of_them:.0f} with {leases}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--leases", type=int, default=16)
    given = parser.parse_args()
    # Memory first: what a process has used once it does not give back.
    asyncio.run(count_memory(given.leases))
    asyncio.run(time_leases(given.repeats))


if __name__ == "__main__":
    main()

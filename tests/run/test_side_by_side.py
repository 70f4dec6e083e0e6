"""Opening two things of a run at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from webarena_runner.errors import SiteError
from webarena_runner.running.side_by_side import side_by_side


@asynccontextmanager
async def opened(name: str, notes: list[str], *, after: asyncio.Event, sets: asyncio.Event) -> AsyncIterator[str]:
    sets.set()
    await after.wait()
    try:
        yield name
    finally:
        notes.append(f"{name} closed")


@asynccontextmanager
async def absent(*, after: asyncio.Event) -> AsyncIterator[str]:
    await after.wait()
    raise SiteError("there are no sites")
    yield ""


async def test_each_is_entered_while_the_other_is() -> None:
    notes, first, second = list[str](), asyncio.Event(), asyncio.Event()
    browser = opened("browser", notes, after=second, sets=first)
    sites = opened("sites", notes, after=first, sets=second)
    async with asyncio.timeout(5), side_by_side(browser, sites) as both:
        assert both == ("browser", "sites")
        assert notes == []
    assert sorted(notes) == ["browser closed", "sites closed"]


async def test_one_that_is_open_is_closed_when_the_other_is_not_there() -> None:
    notes, there = list[str](), asyncio.Event()
    browser = opened("browser", notes, after=there, sets=there)
    with pytest.raises(SiteError, match="there are no sites"):
        async with side_by_side(browser, absent(after=there)):
            pass
    assert notes == ["browser closed"]

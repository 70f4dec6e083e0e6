"""Writes the table of docs/doctor.md: `python -m tests.sites.probes`."""

import asyncio

from tests.sites.probes.scenarios import play_all
from tests.sites.probes.table import PAGE, page_with, table
from webarena_mini.catalog import MODULES
from webarena_mini.server import serve
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings


async def write() -> None:
    session = BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings())
    async with session, serve(list(MODULES), port_base=None, token="secret") as served:
        rows = table(await play_all(served.urls, session.context))
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())

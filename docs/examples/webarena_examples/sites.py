"""A site provider: a folder of pages, served on this machine in place of a site."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from webarena_runner.errors import SiteError
from webarena_runner.interfaces import SiteLease, SiteSetup
from webarena_runner.settings.options import PlugInOptions

PAGES = Path(__file__).with_name("pages")


class HandbookSite:
    """Every episode reads the same pages, which no task can change."""

    class Options(PlugInOptions):
        """What a sites file may say under `options`."""

        folder: Path = PAGES
        """Where the pages are."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(Quiet, directory=folder)
        )

    @classmethod
    def serves(cls, options: Options) -> frozenset[str]:
        """Official names of the sites that it can give."""
        return frozenset({"wikipedia"})

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        return cls(setup.options.folder)

    async def __aenter__(self) -> Self:
        self._serving = asyncio.get_running_loop().run_in_executor(
            None, self._server.serve_forever
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.shutdown()
        await self._serving
        self._server.server_close()

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        if list(sites) != ["wikipedia"]:
            raise SiteError(
                f"the handbook is there for wikipedia alone, not for {', '.join(sites)}"
            )
        yield SiteLease(
            {"wikipedia": f"http://127.0.0.1:{self._server.server_port}"}, label="handbook"
        )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A line for every request would be in the way of the progress display."""

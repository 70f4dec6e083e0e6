"""Copies of the embedded sites as `wa-run sites serve` serves them, for sites files that name them."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

import httpx

from webarena_mini.server import serve


@dataclass(frozen=True)
class Copy:
    """One copy, as a sites file and its environment name it."""

    number: int
    urls: dict[str, str]
    reset_url: str

    @property
    def token_env(self) -> str:
        return f"COPY_{self.number}_TOKEN"

    @property
    def token(self) -> str:
        return f"token-of-copy-{self.number}"

    def as_yaml(self, *more: str) -> str:
        """An entry of `options.instances`; `more` are keys of its reset."""
        urls = ", ".join(f"{site}: '{url}'" for site, url in self.urls.items())
        keys = ", ".join(("method: embedded", f"url: '{self.reset_url}'", f"token_env: {self.token_env}", *more))
        return f"  - urls: {{{urls}}}\n    reset: {{{keys}}}\n"

    def register(self, user: str) -> None:
        """Writes to the forum."""
        with httpx.Client(base_url=self.urls["reddit"], follow_redirects=True, trust_env=False) as visitor:
            token = re.search(r'name="token" value="([^"]+)"', visitor.get("/registration").text)
            assert token
            fields = {"token": token[1], "username": user, "password": "secret-12", "repeat": "secret-12"}
            visitor.post("/registration", data=fields)
        assert self.knows(user)

    def knows(self, user: str) -> bool:
        return httpx.get(f"{self.urls['reddit']}/user/{user}", trust_env=False).status_code == 200

    def reset(self) -> None:
        bearer = {"Authorization": f"Bearer {self.token}"}
        httpx.post(self.reset_url, headers=bearer, trust_env=False).raise_for_status()


@contextmanager
def served_copies(count: int, sites: Sequence[str]) -> Iterator[list[Copy]]:
    """They run in a thread of their own, so that the test may wait for them."""
    loop, copies, stop = asyncio.new_event_loop(), list[Copy](), asyncio.Event()
    ready = threading.Event()

    async def run() -> None:
        async with AsyncExitStack() as stack:
            for number in range(1, count + 1):
                served = await stack.enter_async_context(serve(sites, port_base=None, token=f"token-of-copy-{number}"))
                copies.append(Copy(number, dict(served.urls), f"{served.control_url}/__reset__"))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(60)
        yield copies
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()

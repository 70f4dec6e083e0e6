"""Waiting until a container's site answers, and then until its pages are whole, as long as the container runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx

from webarena_runner.errors import SiteError
from webarena_runner.inside import send
from webarena_runner.official.applications import BY_SITE
from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.found import look_at
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.docker.steps import POLL_S
from webarena_runner.sites.watch import Watch

ANSWER_LIMIT_S = 15.0
SERVER_ERROR, REFUSED = 500, 400
_LOG_LINES = 5
_FIRST_POLL_S = 0.05
_GONE = ("exited", "dead", "removing", "stopped")
_MAX_RESTARTS = 3


class NotUp(SiteError):
    """It does not answer as it should within its limit, though its container runs."""


async def wait_answering(engine: Engine, place: Place, *, limit_s: float, watch: Watch) -> None:
    """Until the root answers below 500, with redirects not followed: before its setup they lead elsewhere.

    Raises:
        NotUp: not within the limit.
        SiteError: the container has ended.
    """

    async def fault() -> str:
        async with _client() as client:
            reply = await client.get(place.root, follow_redirects=False)
        return f"answers {reply.status_code}" if reply.status_code >= SERVER_ERROR else ""

    await _wait(engine, place, fault, "waiting until it answers", limit_s=limit_s, watch=watch)


async def wait_whole(engine: Engine, place: Place, *, limit_s: float, watch: Watch) -> None:
    """Until its start page is one of its application, and leads nowhere else.

    Raises:
        NotUp: not within the limit.
        SiteError: the container has ended.
    """
    application = BY_SITE[place.site]

    async def fault() -> str:
        async with _client() as client:
            reply = await send(client, client.build_request("GET", place.url), limit_s=ANSWER_LIMIT_S)
        if reply.status_code >= REFUSED:
            return f"answers {reply.status_code}"
        return "" if application.made(reply.text) else f"shows no page of {application.name}"

    await _wait(engine, place, fault, "waiting until its pages are whole", limit_s=limit_s, watch=watch)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=ANSWER_LIMIT_S)


async def _wait(
    engine: Engine, place: Place, fault: Callable[[], Awaitable[str]], what: str, *, limit_s: float, watch: Watch
) -> None:
    """Looks until there is no fault."""
    begin, pause_s, found = time.monotonic(), _FIRST_POLL_S, ""
    try:
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    found = await fault()
                except (SiteError, httpx.HTTPError) as error:
                    found = str(error) or type(error).__name__
                if not found:
                    return
                await _require_running(engine, place)
                watch.say(place.name, f"{what}: {time.monotonic() - begin:.0f} of {limit_s:.0f} s ({found})")
                # Between two looks, which is what the limit is for.
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, POLL_S)
    except TimeoutError as error:
        raise NotUp(
            f"{place.name} is not up within {limit_s:.0f} s: {place.url} {found or 'does not answer'}; see its log "
            f"with wa-run sites logs {place.name}, or give it more time with limits_s.{place.site}"
        ) from error


async def _require_running(engine: Engine, place: Place) -> None:
    there = await look_at(engine, place.name)
    if there and there.state not in _GONE and there.restarts < _MAX_RESTARTS:
        return
    state = "is gone" if there is None else f"has ended with code {there.code} ({there.restarts} restarts)"
    done = await engine.ask(commands.logs(place.name, tail=_LOG_LINES))
    said = " / ".join(line for line in (done.out + done.err).splitlines() if line.strip())
    raise SiteError(f"{place.name} {state}; the end of its log: {said or 'nothing'}")

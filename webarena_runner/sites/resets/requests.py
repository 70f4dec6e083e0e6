"""Requests to who resets: on that host alone, under a limit, and what came back in short."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from webarena_runner.errors import SiteError
from webarena_runner.inside import send
from webarena_runner.time_limits import time_limit

_SHOWN_CHARACTERS = 200


@asynccontextmanager
async def within(limit_s: float, what: str) -> AsyncIterator[None]:
    """Raises SiteError "WHAT within N s" when the block takes longer."""
    async with time_limit(limit_s, SiteError(f"{what} within {limit_s:g} s")):
        yield


async def request(
    method: str,
    url: str,
    *,
    limit_s: float,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Raises SiteError when there is no answer in time, or it leads to another host."""
    async with httpx.AsyncClient(timeout=None, trust_env=False, headers=headers) as client:
        return await send(client, client.build_request(method, url, data=form), limit_s=limit_s)


def shown(reply: httpx.Response) -> str:
    """Status and the beginning of the text, for a message."""
    text = " ".join(reply.text.split())
    cut = text[:_SHOWN_CHARACTERS] + "..." * (len(text) > _SHOWN_CHARACTERS)
    return f"{reply.status_code} {cut!r}" if cut else f"{reply.status_code} without a text"

"""Our own HTTP requests to sites: they follow redirects on the host that was asked, and lead nowhere else."""

import asyncio

import httpx

from webarena_runner.errors import SiteElsewhere, SiteError
from webarena_runner.official.addresses import origin, place_of

MAX_REDIRECTS = 10


async def send(client: httpx.AsyncClient, request: httpx.Request, *, limit_s: float | None) -> httpx.Response:
    """The last answer, read whole; `limit_s` is for everything together, as httpx's own limits are not
    (None: who calls has one).

    Raises:
        SiteElsewhere: a redirect leads to another host, which was not asked.
        SiteError: no answer, not in time, or no end of redirects.
    """
    where = f"{request.method} {request.url.copy_with(query=None)}"
    try:
        async with asyncio.timeout(limit_s):
            return await _follow(client, request, where)
    except TimeoutError as error:
        raise SiteError(f"{where}: no answer within {limit_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SiteError(f"{where}: no answer: {error or type(error).__name__}") from error


async def _follow(client: httpx.AsyncClient, request: httpx.Request, where: str) -> httpx.Response:
    for _ in range(MAX_REDIRECTS):
        response = await client.send(request, follow_redirects=False)
        if response.next_request is None:
            return response
        leads_to = str(response.next_request.url)
        if place_of(leads_to) != place_of(str(request.url)):
            raise SiteElsewhere(
                f"{where}: leads to another host: configured is {origin(str(request.url))}, arrived at "
                f"{origin(leads_to)}, which was not asked; give the site's URL as its own pages have it, or set the "
                "base URL of the application"
            )
        request = response.next_request
    raise SiteError(
        f"{where}: more than {MAX_REDIRECTS} redirects, the last one to {request.url.copy_with(query=None)}"
    )

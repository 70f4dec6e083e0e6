"""The cheap form of the probe: is this site there, and is it what it should be? Nobody is logged in."""

from collections.abc import Mapping, Sequence

from webarena_runner.interfaces import NewContext
from webarena_runner.sites.probes import browser, plain
from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.probes.page import start_page


async def probe_site(
    site: str,
    url: str,
    *,
    limit_s: float,
    instance: str = "",
    headers: Mapping[str, str] | None = None,
    more_urls: Sequence[str] = (),
    new_context: NewContext | None = None,
) -> Sequence[Finding]:
    """Looks at the site's start page; with `new_context` in a browser that reaches this site and `more_urls` only.

    Ends within `limit_s`, however slowly the site drips, and raises nothing for what a site does:
    `findings.failure_of` says whether it can be used.

    Raises:
        BrowserError: the browser is gone.
    """
    place = Place(site, url, instance)
    if new_context is None:
        return start_page(place, await plain.look(url, limit_s=limit_s, headers=headers))
    async with new_context([url, *more_urls]) as context:
        if headers:
            await context.set_extra_http_headers(dict(headers))
        return start_page(place, await browser.look(context, url, limit_s=limit_s, inside=[url, *more_urls]))

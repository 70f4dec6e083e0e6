"""The cheap form of the probe: is this site there, and is it what it should be? Nobody is logged in."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import LOGIN_FORMS, LoginForm
from webarena_runner.sites.probes import browser, plain
from webarena_runner.sites.probes.findings import Finding, Place, failure_of
from webarena_runner.sites.probes.page import is_official, log_in_page, start_page

# What another application than the official one says of a page that it does not have.
NOT_THERE = (404, 410)


async def probe_site(
    site: str,
    url: str,
    *,
    limit_s: float,
    instance: str = "",
    headers: Mapping[str, str] | None = None,
    more_urls: Sequence[str] = (),
    form: LoginForm | None = None,
    new_context: NewContext | None = None,
) -> Sequence[Finding]:
    """Looks at the site's start page and log-in page; with `new_context` in a browser, which reaches no other site.

    Ends within `limit_s`, however slowly the site drips, and raises nothing for what a site does:
    `findings.failure_of` says whether it can be used. `more_urls` are what its pages may ask besides, `form` is the
    log-in of another application than the official one.

    Raises:
        BrowserError: the browser is gone.
    """
    begin = time.monotonic()
    place, visitor = Place(site, url, instance, official=form is None), plain.Visitor(limit_s, headers or {})
    if new_context is None:
        found = start_page(place, await plain.look(url, visitor))
    else:
        async with new_context([url, *more_urls], headers={url: headers or {}}) as context:
            found = start_page(place, await browser.look(context, url, limit_s=limit_s, inside=[url, *more_urls]))
    asked = form or LOGIN_FORMS.get(site)
    if asked is None or failure_of(found):
        return found
    rest = replace(visitor, limit_s=max(0.0, limit_s - (time.monotonic() - begin)))
    seen = await plain.look(url + asked.path, rest)
    if seen.status in NOT_THERE and form is None and not is_official(found):
        return found
    return [*found, log_in_page(place, seen)]

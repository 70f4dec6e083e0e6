"""What a site's start page says of the site: whether it is there, where it leads, and which application it is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from webarena_runner.official.addresses import origin
from webarena_runner.official.applications import BY_SITE, Application, application_of
from webarena_runner.official.sites import OFFICIAL_SITES
from webarena_runner.sites.probes.findings import Finding, Level, Place
from webarena_runner.sites.probes.seen import Seen, Trouble

APPLICATION = "application"
SERVER_ERROR, TOO_MANY_REQUESTS, BAD_REQUEST, REFUSED = 500, 429, 400, 400
# Longer than what stands in place of a page, and shorter than a page of a site.
MAX_NOTICE_CHARACTERS = 800
# A page that takes longer makes every step of an episode as slow.
SLOW_S = 5.0
MAX_SHOWN_CHARACTERS = 120
_TAG = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
_GENERATOR = re.compile(r'<meta[^>]*name="generator"[^>]*content="([^"]*)"', re.IGNORECASE)


def start_page(place: Place, seen: Seen) -> Sequence[Finding]:
    """Of the page at the site's own URL; the first of what is wrong with it, since the rest follows from that."""
    if wrong := unanswered(place, "page", seen) or throttled(place, seen):
        return [wrong]
    findings = [place.ok("page", f"{place.url} answers in {1000 * seen.elapsed_s:.0f} ms")]
    if seen.elapsed_s > SLOW_S:
        findings = [_slow(place, seen)]
    return [*findings, *_identity(place, seen)]


def is_official(findings: Iterable[Finding]) -> bool:
    """Whether the start page was seen to be of the official application, which has the pages that others have not."""
    return any(finding.check == APPLICATION and finding.level is Level.OK for finding in findings)


def log_in_page(place: Place, seen: Seen) -> Finding:
    """Whether there is one: an application that is half started has none."""
    wrong = unanswered(place, "log-in page", seen)
    if wrong and REFUSED <= seen.status < SERVER_ERROR:
        remedy = "its start page answers, and its log-in page not: it is not set up yet, or another application"
        return place.failure(wrong.check, wrong.found, remedy)
    return wrong or place.ok("log-in page", f"answers {seen.status}")


def unanswered(place: Place, check: str, seen: Seen) -> Finding | None:
    """What is wrong where no page of the site came; None when one did."""
    if seen.elsewhere:
        return _elsewhere(place, seen)
    if seen.trouble is not Trouble.NONE:
        return _troubled(place, check, seen)
    if seen.status == TOO_MANY_REQUESTS:
        return _too_often(place, f"{seen.url} answers with status 429")
    if seen.status >= SERVER_ERROR:
        remedy = "see its log; GitLab and Magento take minutes to start; restart or recreate its container"
        return place.failure(check, f"{seen.url} answers with status {seen.status}", remedy)
    if seen.status == BAD_REQUEST and "https" in shown_text(seen.html).lower():
        remedy = f"give its URL with https://: {how_to_give(place, place.url.replace('http:', 'https:', 1))}"
        return place.failure(check, f"{seen.url} answers with status {seen.status}: it speaks https", remedy)
    if seen.status >= REFUSED:
        remedy = (
            f"give the address of the application's own start page: {how_to_give(place)}; "
            "a host or port of another application, or another landing page, answers so too"
        )
        return place.failure(check, f"{seen.url} answers with status {seen.status}", remedy)
    return None


def throttled(place: Place, seen: Seen) -> Finding | None:
    """Whether a short text stands in place of a page, which says with status 200 that we asked too often."""
    text = shown_text(seen.html)
    if len(text) > MAX_NOTICE_CHARACTERS or place.site not in OFFICIAL_SITES:
        return None
    said = next((words for words in OFFICIAL_SITES[place.site].throttled if words in text.lower()), "")
    return _too_often(place, f"{seen.url} says {said!r} in place of a page") if said else None


def shown_text(html: str) -> str:
    """What a page shows, about: its text without scripts and tags."""
    return " ".join(_TAG.sub(" ", html).split())


def named(html: str) -> str:
    """How a page names itself and what made it, for messages."""
    title, generator = _TITLE.search(html), _GENERATOR.search(html)
    made_by = f", made by {generator[1]}" if generator else ""
    return f"{' '.join(title[1].split()) if title else 'no title'!r}{made_by}"[:MAX_SHOWN_CHARACTERS]


def base_url_fix(place: Place) -> str:
    """How the application of a site is told the address that we have for it."""
    application = BY_SITE.get(place.site)
    if application is None or not application.base_url_fix:
        return f"set the base URL of the application to {origin(place.url)}"
    return f"set its base URL: {application.base_url_fix.format(url=origin(place.url))}"


def how_to_give(place: Place, url: str = "") -> str:
    """Where a site is given its URL."""
    landing = OFFICIAL_SITES[place.site].landing_path if place.site in OFFICIAL_SITES else ""
    url = url or f"http://HOST:PORT{landing}"
    if place.instance:
        return f"urls.{place.site}: {url} of instance {place.instance} in the sites file"
    return f"export {place.site.upper()}={url} (or urls.{place.site} in the sites file)"


def _troubled(place: Place, check: str, seen: Seen) -> Finding:
    address = urlsplit(seen.url)
    match seen.trouble:
        case Trouble.NAME:
            remedy = f"correct the host name '{address.hostname}', or add it to /etc/hosts; {how_to_give(place)}"
        case Trouble.REFUSED | Trouble.UNREACHABLE:
            remedy = f"start it, or correct host and port: {how_to_give(place)}"
        case Trouble.UNSAFE_PORT:
            remedy = f"publish it on another port than {address.port}, which no browser opens: {how_to_give(place)}"
        case Trouble.TLS:
            remedy = f"give its URL with http://, or set its certificate right: {how_to_give(place)}"
        case Trouble.REDIRECTS:
            remedy = f"{base_url_fix(place)}; a base URL with another scheme, host or slash makes such loops"
        case Trouble.LATE | Trouble.UNENDING:
            found = f"{seen.url}: {seen.trouble} within {seen.limit_s:g} s"
            remedy = "see whether it is still starting, overloaded or hung, and restart its container"
            return place.failure(check, found, remedy)
        case _:
            remedy = f"see its log, and whether it speaks http there (or https): {how_to_give(place)}"
    told = f" ({seen.detail[:MAX_SHOWN_CHARACTERS]})" if seen.trouble is Trouble.OTHER and seen.detail else ""
    return place.failure(check, f"{seen.url}: {seen.trouble}{told}", remedy)


def _elsewhere(place: Place, seen: Seen) -> Finding:
    configured, arrived = urlsplit(place.url), urlsplit(seen.elsewhere)
    found = f"{seen.asked} leads to another host: {origin(seen.elsewhere)}"
    if configured.hostname == arrived.hostname and configured.scheme != arrived.scheme:
        remedy = f"give its URL with {arrived.scheme}://, or {base_url_fix(place)}"
        return place.failure("base URL", f"{found}, the same with another scheme", remedy)
    export = how_to_give(place, origin(seen.elsewhere) + configured.path)
    remedy = f"{base_url_fix(place)}; or, if that address is the same site: {export}"
    return place.failure("base URL", found, remedy)


def _too_often(place: Place, found: str) -> Finding:
    remedy = "use fewer --workers, or switch its rate limit off; `wa-run sites up` does so for Postmill"
    return place.failure("rate limit", found, remedy)


def _slow(place: Place, seen: Seen) -> Finding:
    found = f"{place.url} took {seen.elapsed_s:.1f} s to answer"
    return place.warning(
        "page", found, "use fewer --workers, or a larger machine; the first page after a start is slow"
    )


def _identity(place: Place, seen: Seen) -> Iterator[Finding]:
    expected, found = BY_SITE.get(place.site), application_of(seen.html)
    if expected is None or not place.official:
        return
    if expected.made(seen.html):
        yield place.ok(APPLICATION, expected.name)
        yield from _path(place)
    elif found is not None:
        yield place.failure(APPLICATION, f"{place.url} is {found.name}, and not {expected.name}", _other(place, found))
    else:
        told = f"{place.url} ({named(seen.html)}) does not look like {expected.name}"
        remedy = (
            "see that it is whole; if it is another application on purpose, its tasks score what they find there, and "
            f"how one logs in to it goes under login.{place.site} in the sites file"
        )
        yield place.warning(APPLICATION, told, remedy)


def _other(place: Place, found: Application) -> str:
    right = next((site for site, application in BY_SITE.items() if application is found), "")
    if place.site == "shopping_admin" and right == "shopping":
        export = how_to_give(place, f"{origin(place.url)}/admin")
        return f"give the address of the administration, with its path: {export}"
    swapped = f"; this address is that of {right}" if right else ""
    return f"correct host and port: {how_to_give(place)}{swapped}"


def _path(place: Place) -> Iterator[Finding]:
    """Addresses of tasks begin with the site's URL, which ends with the host where the official one does."""
    official, path = OFFICIAL_SITES.get(place.site), urlsplit(place.url).path.rstrip("/")
    if official and path and not official.landing_path:
        remedy = f"leave the path out: {how_to_give(place, origin(place.url))}"
        yield place.warning("path", f"the URL has the path {path}, below which no task's address lies", remedy)

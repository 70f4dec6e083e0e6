"""Whether a site's own search finds something: an index that is gone leaves pages that look fine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from webarena_runner.official.applications import BY_SITE
from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.probes.page import shown_text, unanswered
from webarena_runner.sites.probes.plain import Visitor, look

CHECK = "search"


@dataclass(frozen=True)
class Search:
    """A question that every copy of the site has an answer to; `path` may hold {book}, the first part of its URL.

    `results` is in the HTML of a page with results, `nothing` in the text of one without.
    """

    path: str
    word: str
    results: str
    nothing: str


SEARCHES: Mapping[str, Search] = {
    "shopping": Search(
        "/catalogsearch/result/?q=light", "light", r'class="[^"]*\bproduct-item\b', r"search returned no results"
    ),
    "reddit": Search(
        "/search?q=the", "the", r'class="(?:submission|comment)[ _"]', r"\bno (?:results|submissions?|entries)\b"
    ),
    "gitlab": Search(
        "/search?search=web",
        "web",
        r'projects_list|class="[^"]*\b(?:project-row|search-results?|project-title)\b',
        r"couldn.t find any|there are no projects|no results found",
    ),
    "wikipedia": Search(
        "/search?content={book}&pattern=history",
        "history",
        r'class="results|class="results__',
        r"no results were found",
    ),
    "classifieds": Search(
        "/index.php?page=search&sPattern=car", "car", r'class="[^"]*\blisting-(?:card|attr)', r"no results matching"
    ),
}


async def search(place: Place, visitor: Visitor) -> Finding:
    """For a site of `SEARCHES`."""
    asked = SEARCHES[place.site]
    parts = urlsplit(place.url)
    book = parts.path.strip("/").partition("/")[0]
    below = f"{parts.scheme}://{parts.netloc}" if "{book}" in asked.path else place.url
    address = below + asked.path.format(book=book)
    seen = await look(address, visitor)
    fix = BY_SITE[place.site].search_fix or "rebuild its search index, or recreate its container"
    if wrong := unanswered(place, CHECK, seen):
        return place.failure(CHECK, wrong.found, fix if wrong.check == CHECK else wrong.remedy)
    if re.search(asked.results, seen.html):
        return place.ok(CHECK, f"finds {asked.word!r}")
    if re.search(asked.nothing, shown_text(seen.html), re.IGNORECASE):
        return place.failure(CHECK, f"{address} finds nothing, and {asked.word!r} is on its pages", fix)
    found = f"{address} shows nothing that looks like results"
    return place.warning(CHECK, found, f"look at it in a browser; where it is empty: {fix}")

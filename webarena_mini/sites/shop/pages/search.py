"""Search, advanced search, and what others search for."""

from collections.abc import Mapping, Sequence
from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.sites.shop.domain import catalogue, listing
from webarena_mini.sites.shop.domain.listing import Listing
from webarena_mini.sites.shop.pages.visit import Visit

LONGEST = 128
TERMS = 72


def search(visit: Visit) -> Response:
    query = visit.request.query_params.get("q", "").strip()[:LONGEST]
    rows, all_words = catalogue.found(visit.db, query)
    note = "" if all_words else "No product has all of these words; these have some of them."
    if not query:
        note = "Type what you are looking for into the search field above."
    elif not rows:
        note = "Your search returned no results."
    return results(visit, f"Search results for: '{query}'", {"q": query}, rows, note)


def results(visit: Visit, title: str, terms: Mapping[str, str], rows: Sequence[Row], note: str) -> Response:
    path = visit.request.url.path.rstrip("/") + "/"
    wanted = Listing.parse(path, visit.request.query_params, terms=terms)
    typed = from_price_form(visit, wanted)
    if typed is not None:
        return visit.redirect(typed)
    return visit.page(
        "listing.html",
        title=title,
        category=None,
        parent=None,
        shelves=(),
        listing=wanted,
        shown=listing.show(rows, wanted),
        note=note,
        others_look_for=() if rows else catalogue.search_terms(visit.db, 12),
    )


def from_price_form(visit: Visit, shown: Listing) -> str | None:
    """The listing's URL with what was typed into the two price fields; None where the form was not sent."""
    params = visit.request.query_params
    if "price_from" not in params and "price_to" not in params:
        return None
    sides = [params.get(name, "").strip().lstrip("$").replace(",", "") for name in ("price_from", "price_to")]
    low, high = listing.price_range("-".join(sides)) or (None, None)
    if any(sides) and low is None and high is None:
        visit.error("Please enter prices as numbers, such as 24.99.")
    return shown.url(low=low, high=high)


def advanced(visit: Visit) -> Response:
    return visit.page("advanced_search.html")


def advanced_results(visit: Visit) -> Response:
    params = visit.request.query_params
    given = {name: params.get(name, "").strip()[:LONGEST] for name in catalogue.ADVANCED}
    terms = {name: text for name, text in given.items() if text}
    if not terms and not any(params.get(name, "").strip() for name in ("price", "price_from", "price_to")):
        visit.error("Enter a search term and try again.")
        return visit.redirect("/catalogsearch/advanced/")
    rows = catalogue.containing(visit.db, terms)
    note = "" if rows else "We can't find any items matching these search criteria."
    return results(visit, "Advanced Search Results", terms, rows, note)


def popular_terms(visit: Visit) -> Response:
    return visit.page("search_terms.html", terms=catalogue.search_terms(visit.db, TERMS))

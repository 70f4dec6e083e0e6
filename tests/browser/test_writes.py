"""Which requests of pages count as changes of a site, and of which."""

import pytest

from webarena_runner.browser.writes import Writes

URLS = {
    "shopping": "http://lab:7770",
    "shopping_admin": "http://lab:7780/admin",
    "gitlab": "http://localhost:8023",
    "reddit": "http://lab:9999",
    "map": "http://lab:3000",
    "homepage": "http://lab:9999/home",
}


def changed(method: str, url: str, *, kind: str = "Document", body: str = "") -> list[str]:
    told: list[str] = []
    writes = Writes(URLS, told.append)
    for _ in range(2):
        writes.sent({"type": kind, "request": {"method": method, "url": url, "postData": body}})
    return told


@pytest.mark.parametrize(
    ("method", "url", "site"),
    [
        ("POST", "http://lab:7770/checkout/cart/add/product/1/", "shopping"),
        ("PUT", "http://lab:7770/rest/default/V1/carts/mine/items", "shopping"),
        ("POST", "http://lab:7780/admin/catalog/product/save/id/3/", "shopping_admin"),
        ("POST", "http://127.0.0.1:8023/byteblaze/dotfiles/-/issues", "gitlab"),
        ("DELETE", "http://localhost:8023/api/v4/projects/1", "gitlab"),
        ("POST", "http://lab:9999/f/books/1/-/comment", "reddit"),
    ],
)
def test_what_changes_a_site_is_told_once(method: str, url: str, site: str) -> None:
    assert changed(method, url) == [site]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "http://lab:7770/checkout/cart/"),
        ("HEAD", "http://lab:7770/"),
        ("POST", "http://elsewhere:7770/checkout/cart/add"),
        ("POST", "http://lab:3000/geocoder/search_osm_nominatim"),
        ("POST", "http://lab:9999/home/notes"),
        ("POST", "http://lab:7780/admin/mui/index/render/?namespace=product_listing"),
        ("POST", "http://lab:7780/admin/mui/bookmark/save/"),
        ("POST", "http://lab:7780/admin/review/product/reviewGrid/filter/abc/"),
        ("POST", "http://lab:7770/customer/section/load/?sections=cart"),
        ("POST", "http://lab:7770/rest/default/V1/guest-carts/x/estimate-shipping-methods"),
        ("POST", "http://localhost:8023/byteblaze/dotfiles/preview_markdown"),
        ("POST", "blob:http://lab:7770/1"),
    ],
)
def test_what_only_reads_or_is_elsewhere_is_not(method: str, url: str) -> None:
    assert changed(method, url) == []


@pytest.mark.parametrize(
    ("body", "sites"),
    [
        ('{"query": "query getIssues { project { issues } }"}', []),
        ('{"query": "mutation createNote($input: X) { createNote }"}', ["gitlab"]),
        ("", ["gitlab"]),
    ],
)
def test_a_graphql_request_counts_by_what_it_asks_for(body: str, sites: list[str]) -> None:
    assert changed("POST", "http://localhost:8023/api/graphql", kind="Fetch", body=body) == sites


@pytest.mark.parametrize("kind", ["Ping", "Preflight", "CSPViolationReport"])
def test_reports_of_the_browser_are_no_changes(kind: str) -> None:
    assert changed("POST", "http://lab:7770/collect", kind=kind) == []

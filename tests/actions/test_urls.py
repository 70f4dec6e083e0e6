"""The public names of the sites, as models see them."""

import pytest

from webarena_runner.actions.urls import loosely_local, public_url, to_local

URLS = {
    "shopping": "http://127.0.0.1:7770",
    "shopping_admin": "http://127.0.0.1:7780/admin",
    "reddit": "http://127.0.0.1:9999",
    "wikipedia": "http://127.0.0.1:8888/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing",
}


@pytest.mark.parametrize(
    ("local", "public"),
    [
        ("http://127.0.0.1:7770/a.html?q=1", "http://onestopmarket.com/a.html?q=1"),
        ("http://127.0.0.1:7780/admin/dashboard", "http://luma.com/admin/dashboard"),
        ("http://127.0.0.1:9999/f/books", "http://reddit.com/f/books"),
        (URLS["wikipedia"], "http://wikipedia.org"),
        ("http://127.0.0.1:8888/search?pattern=x", "http://127.0.0.1:8888/search?pattern=x"),
        ("about:blank", "about:blank"),
        ("http://127.0.0.1:8023/x", "http://127.0.0.1:8023/x"),
    ],
)
def test_a_page_url_is_shown_under_its_public_name(local: str, public: str) -> None:
    assert public_url(local, URLS) == public


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("goto [http://reddit.com/f/books]", "goto [http://127.0.0.1:9999/f/books]"),
        ("goto [https://onestopmarket.com]", "goto [http://127.0.0.1:7770]"),
        ("goto [http://luma.com/admin/x]", "goto [http://127.0.0.1:7780/admin/x]"),
        ("type [3] [see http://reddit.com] [0]", "type [3] [see http://127.0.0.1:9999] [0]"),
        ("stop [https://wikipedia.org]", f"stop [{URLS['wikipedia']}]"),
        ("goto [http://gitlab.com]", "goto [http://gitlab.com]"),
        ("goto [reddit.com/f/books]", "goto [reddit.com/f/books]"),
    ],
)
def test_public_names_in_an_action_become_the_sites_urls(text: str, local: str) -> None:
    assert to_local(text, URLS) == local


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("reddit.com/f/books", "http://127.0.0.1:9999/f/books"),
        ("www.reddit.com", "http://127.0.0.1:9999"),
        ("https://www.Reddit.com/f/books?sort=new#top", "http://127.0.0.1:9999/f/books?sort=new#top"),
        ("luma.com/admin/x", "http://127.0.0.1:7780/admin/x"),
        ("luma.com/women", "luma.com/women"),
        ("wikipedia.org", URLS["wikipedia"]),
        ("http://reddit.community/f", "http://reddit.community/f"),
        ("http://evil.test/reddit.com", "http://evil.test/reddit.com"),
        ("http://reddit.com@evil.test/", "http://reddit.com@evil.test/"),
        ("www.gitlab.com", "www.gitlab.com"),
        ("http://127.0.0.1:9999/f", "http://127.0.0.1:9999/f"),
        ("", ""),
    ],
)
def test_public_names_as_people_write_them(address: str, local: str) -> None:
    assert loosely_local(address, URLS) == local


def test_a_site_without_a_url_is_left_alone() -> None:
    assert public_url("http://127.0.0.1:1", {"reddit": ""}) == "http://127.0.0.1:1"
    assert to_local("goto [http://reddit.com]", {"reddit": ""}) == "goto [http://reddit.com]"

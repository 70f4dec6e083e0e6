"""The encyclopedia over HTTP: article paths, search, suggestions, errors."""

import re
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest

from tests.mini.wiki_site import ARTICLES, Facts, facts, wiki
from webarena_mini.sites.wiki.app import SITE
from webarena_mini.sites.wiki.domain.text import BOOK

__all__ = ["facts", "wiki"]
SEARCH = f"/search?content={BOOK}&pattern="


async def page(wiki: httpx.AsyncClient, path: str) -> str:
    response = await wiki.get(path)
    assert response.status_code == 200, f"{path}: {response.status_code}"
    return response.text


async def test_the_site_url_is_the_main_page(wiki: httpx.AsyncClient) -> None:
    assert SITE.path == "/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing"
    html = await page(wiki, SITE.path)
    assert "Welcome to Commonlore" in html
    assert len(re.findall("<a ", html)) > 150


@pytest.mark.parametrize("path", [f"/{BOOK}", f"/{BOOK}/", f"/{BOOK}/A/", f"/{BOOK}/A/Main_Page"])
async def test_the_book_opens_at_the_main_page(wiki: httpx.AsyncClient, path: str) -> None:
    assert (await wiki.get(path)).headers["location"] == SITE.path


async def test_an_article_has_facts_contents_tables_and_sources(wiki: httpx.AsyncClient) -> None:
    html = await page(wiki, f"{ARTICLES}Port_Alder")
    for part in ('<h1 id="firstHeading">Port Alder</h1>', "212,400 (2020)", "Contents", "Population by census"):
        assert part in html
    assert html.count('id="cite_note-') == html.count('id="cite_ref-') > 5
    assert "Category:Towns_in_Halvern" in html


@pytest.mark.parametrize(
    ("path", "title"),
    [("port_alder", "Port_Alder"), ("The_Harbor_Cathedral", "Harbor_Cathedral"), ("Alder_River", "River_Alder"),
     ("Port_Alder/", "Port_Alder"), ("category:towns_in_halvern", "Category:Towns_in_Halvern"),
     ("list_of_towns_in_halvern", "List_of_towns_in_Halvern")],
)  # fmt: skip
async def test_other_ways_to_write_a_title_lead_to_it(wiki: httpx.AsyncClient, path: str, title: str) -> None:
    assert (await wiki.get(f"{ARTICLES}{path}")).headers["location"] == f"{ARTICLES}{title}"


async def test_every_article_and_category_is_shown(wiki: httpx.AsyncClient, facts: Facts) -> None:
    for title, path in facts.db.execute("select title, path from article").fetchall():
        html = await page(wiki, ARTICLES + quote(path))
        assert html.count("</h1>") == 1, title
        assert title.removeprefix("Category:").replace("'", "&#39;") in html


async def test_pages_carry_nothing_from_elsewhere(wiki: httpx.AsyncClient) -> None:
    for path in (SITE.path, f"{ARTICLES}Harbor_Pie", f"{SEARCH}bridge", "/"):
        html = await page(wiki, path)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
        for asset in re.findall(r'(?:src|href)="(/skin/[^"]+|/[^"]+\.svg)"', html):
            assert (await wiki.get(asset)).status_code == 200


async def test_the_search_box_is_there_under_its_usual_name(wiki: httpx.AsyncClient) -> None:
    html = await page(wiki, f"{ARTICLES}Fernhill")
    assert re.search(r'<form[^>]*id="kiwixsearchform"[^>]*action="/search"', html)
    assert re.search(r'<input[^>]*id="kiwixsearchbox"[^>]*name="pattern"', html)


async def test_the_search_puts_the_title_first_and_marks_words(wiki: httpx.AsyncClient) -> None:
    html = await page(wiki, f"{SEARCH}salt+plover")
    first = re.search(r'class="results__title" href="([^"]+)"', html)
    assert first
    assert first[1] == f"{ARTICLES}Salt_Plover"
    assert "<b>Plover</b>" in html


async def test_results_come_in_pages(wiki: httpx.AsyncClient) -> None:
    first = await page(wiki, f"{SEARCH}museum")
    second = await page(wiki, f"{SEARCH}museum&start=25&pageLength=25")
    assert "Results <b>1-25</b> of" in first
    assert "Results <b>26-50</b> of" in second
    titles = [re.findall(r'results__title" href="([^"]+)"', html) for html in (first, second)]
    assert len(titles[0]) == len(titles[1]) == 25
    assert not set(titles[0]) & set(titles[1])


@pytest.mark.parametrize("pattern", ["", '"', "* zzz OR (", "zzz", "a" * 3000, "-NEARQQ", "title:zzz", "\x00"])
async def test_odd_patterns_find_nothing_and_break_nothing(wiki: httpx.AsyncClient, pattern: str) -> None:
    html = await page(wiki, SEARCH + quote(pattern))
    assert "results__title" not in html


async def test_a_search_for_hundreds_of_words_is_answered(wiki: httpx.AsyncClient) -> None:
    html = await page(wiki, SEARCH + "+".join(["a"] * 500))
    assert "Results <b>1-25</b> of" in html


@pytest.mark.parametrize("more", ["&start=99999", "&start=7&pageLength=7"])
async def test_after_the_last_page_comes_the_last_page(wiki: httpx.AsyncClient, more: str) -> None:
    count = int(re.findall(r"of <b>(\d+)</b>", await page(wiki, f"{SEARCH}owl"))[0])
    assert count == 7
    assert f"Results <b>1-{count}</b> of <b>{count}</b>" in await page(wiki, f"{SEARCH}owl{more}")


async def test_a_page_length_of_nothing_is_the_usual_one(wiki: httpx.AsyncClient) -> None:
    assert "Results <b>1-25</b> of" in await page(wiki, f"{SEARCH}museum&pageLength=0")


async def test_a_club_plays_in_its_colors(wiki: httpx.AsyncClient) -> None:
    shirts = [(await wiki.get(f"/{BOOK}/I/colors/{club}.svg")).text for club in ("Fernhill_Rovers", "Emberley_Anvils")]
    assert "#2c7a4b" in shirts[0]
    assert "#b3261e" in shirts[1]
    assert (await wiki.get(f"/{BOOK}/I/colors/Port_Alder.svg")).status_code == 404


async def test_a_pattern_is_shown_as_text(wiki: httpx.AsyncClient) -> None:
    html = await page(wiki, SEARCH + quote("<b onload=x>lighthouse"))
    assert "<b onload" not in html


async def test_suggestions_are_titles_and_a_search(wiki: httpx.AsyncClient) -> None:
    found = (await wiki.get(f"/suggest?content={BOOK}&term=port+al")).json()
    assert {"value": "Port Alder", "label": "Port Alder", "kind": "path", "path": "A/Port_Alder"} in found
    assert found[-1]["kind"] == "pattern"
    assert (await wiki.get("/suggest?term=%25")).json()[:-1] == []


async def test_random_pages_come_in_the_same_order_in_every_lease(wiki: httpx.AsyncClient) -> None:
    first, second = [(await wiki.get("/random")).headers["location"] for _ in range(2)]
    assert first != second
    assert (await wiki.get(first)).status_code == 200


async def test_a_missing_article_offers_a_search(wiki: httpx.AsyncClient) -> None:
    response = await wiki.get(f"{ARTICLES}Dragon_Hill")
    assert response.status_code == 404
    assert "There is no article called “Dragon Hill”" in response.text
    assert f"/search?content={BOOK}&amp;pattern=Dragon%20Hill" in response.text


@pytest.mark.parametrize(
    "path", ["/nothing", f"/{BOOK}/I/dish/Nobody.svg", f"/{BOOK}/I/x/Fernhill.svg", "/skin/1/x.css"]
)
async def test_other_wrong_addresses_are_pages_too(wiki: httpx.AsyncClient, path: str) -> None:
    response = await wiki.get(path)
    assert response.status_code == 404
    assert "Go to the main page" in response.text


async def test_nothing_can_be_posted(wiki: httpx.AsyncClient) -> None:
    response = await wiki.post(f"{ARTICLES}Fernhill")
    assert response.status_code == 405
    assert "does not take that kind of request" in response.text


@pytest.mark.parametrize(
    ("kind", "path"),
    [("locator", "Saltgate"), ("locator", "Fort_Sallow"), ("region", "Halvern"), ("line", "Quill_Line")]
    + [("portrait", "Oriel_Fenn"), ("mountain", "Bell_Tor"), ("landscape", "Abbey_Wood"), ("water", "Lake_Oster")]
    + [("dish", "Slate_Toast"), ("festival", "Spring_Regatta"), ("sign", "Valley_Herald"), ("engraving", "Salt_Revolt")]
    + [("colors", "Fernhill_Rovers"), ("bird", "Reed_Chanter"), ("mammal", "Slate_Bat"), ("breed", "Alder_Pony")]
    + [("fish", "Oster_Char"), ("plant", "Tinder_Lichen"), ("insect", "Furnace_Moth")],
)
async def test_pictures_are_well_formed(wiki: httpx.AsyncClient, kind: str, path: str) -> None:
    response = await wiki.get(f"/{BOOK}/I/{kind}/{path}.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    ElementTree.fromstring(response.text)  # noqa: S314  our own text

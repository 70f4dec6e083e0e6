"""The home page: cards, calculator, scratchpad, passwords."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest

from webarena_mini.catalog import MODULES, load_site
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.sites.home.app import SITE
from webarena_mini.sites.home.domain.arithmetic import BadExpressionError, calculate
from webarena_mini.sites.home.domain.cards import cards

WIKI = "http://127.0.0.1:9/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing"


@pytest.fixture
async def home() -> AsyncIterator[httpx.AsyncClient]:
    database = Database(SITE.snapshot())
    instance = Instance(SITE, database, cookie="", urls={"homepage": "http://home.test", "wikipedia": WIKI})
    transport = httpx.ASGITransport(SITE.app(instance))
    async with httpx.AsyncClient(transport=transport, base_url="http://home.test", follow_redirects=True) as client:
        yield client
    database.close()


async def add_note(home: httpx.AsyncClient, text: str) -> httpx.Response:
    page = await home.get("/scratchpad.html")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token
    return await home.post("/scratchpad.html", data={"token": token[1], "note": text})


def notes(page: httpx.Response) -> list[str]:
    return [unescape(text) for text in re.findall(r'class="note__body">(.*?)</p>', page.text, re.DOTALL)]


async def test_cards_link_to_the_sites_that_run(home: httpx.AsyncClient) -> None:
    html = (await home.get("/")).text
    assert f'<a href="{WIKI}">Commonlore</a>' in html
    assert html.count("Not running in this session") == 5
    for path in ("/calculator.html", "/scratchpad.html", "/password.html"):
        assert f'href="{path}"' in html


async def test_the_foot_of_every_page_leads_into_the_sites_that_run(home: httpx.AsyncClient) -> None:
    for path in ("/", "/calculator.html", "/scratchpad.html", "/password.html", "/nothing"):
        html = (await home.get(path)).text
        assert 'href="http://127.0.0.1:9/wikipedia_en_all_maxi_2022-05/A/History_of_Halvern"' in html
        assert "My orders" not in html


@pytest.mark.slow
async def test_links_into_the_other_sites_lead_somewhere() -> None:
    for name in MODULES:
        if name == SITE.name:
            continue
        (card,) = (card for card in cards({name: "http://site.test/x"}) if card.url)
        site = load_site(name)
        database = Database(site.snapshot())
        transport = httpx.ASGITransport(site.app(Instance(site, database, cookie="home_test_sid")))
        async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
            for _, url in card.links:
                assert (await client.get(url)).status_code == 200, url
        database.close()


async def test_today_stands_out_in_the_month(home: httpx.AsyncClient) -> None:
    html = (await home.get("/")).text
    assert "June 2023" in html
    assert re.findall(r'<td aria-current="date">(\d+)</td>', html) == ["15"]
    assert len(re.findall(r"<td[ >]", html)) == 35


async def test_measures_are_right_and_keys_are_what_can_be_read(home: httpx.AsyncClient) -> None:
    html = (await home.get("/calculator.html")).text
    rows = re.findall(r'<td>([\d.]+) [^<]*</td><td><a href="(/calculator.html[^"]+)">', html)
    assert len(rows) > 10
    for value, path in rows[::4]:
        result = re.search(r'id="result"[^>]*>([\d.]+)</p>', (await home.get(path)).text)
        assert result
        assert float(result[1]) == pytest.approx(float(value))
    keys = re.findall(r'data-key="([^"]+)"', html)
    assert set("0123456789+-*/^%().") <= set(keys)
    assert [calculate(f"{key}1.4)") for key in keys if key.endswith("(") and len(key) > 1] == ["1.18321595662", "1"]


async def test_the_calculator_shows_the_result_and_keeps_the_expression(home: httpx.AsyncClient) -> None:
    html = (await home.get("/calculator.html", params={"expression": "(3 + 4) * 2.5"})).text
    assert re.search(r'id="inputExpression"[^>]*value="\(3 \+ 4\) \* 2.5"', html)
    assert 'id="calculate"' in html
    assert re.search(r'id="result"[^>]*>17.5</p>', html)


async def test_the_calculator_says_what_is_wrong(home: httpx.AsyncClient) -> None:
    html = (await home.get("/calculator.html", params={"expression": "1 / 0"})).text
    assert re.search(r'id="result"[^>]*>Division by zero.</p>', html)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("-2^2", "-4"),
        ("2^-1", "0.5"),
        ("2^3^2", "512"),
        ("2**10", "1024"),
        ("7 - 4 - 2", "1"),
        ("1,234,567 + 1", "1234568"),
        ("10 / 4 =", "2.5"),
        ("7 % 4", "3"),
        ("0.1 + 0.2", "0.3"),
        ("sqrt(2) * sqrt(2)", "2"),
        ("round(2/3*100)", "67"),
        ("2 × 3 ÷ 4 − 1", "0.5"),
        ("PI", "3.14159265359"),
        ("2 x 3", "6"),
        ("2x3X4", "24"),
        ("√(16) * π", "12.5663706144"),
        ("1e3", "1000"),
        (".5 + 1.", "1.5"),
        ("--3", "3"),
    ],
)
def test_arithmetic(text: str, value: str) -> None:
    assert calculate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "(1",
        "1)",
        "2 3",
        "sqrt",
        "sqrt 4",
        "sqrt(-1)",
        "(-1)^0.5",
        "0^-1",
        "9^9^9",
        "1 / 0",
        "log(0)",
        "1e999",
    ]
    + ["__import__('os')", "a", "1; 2", "9" * 301, "(" * 100 + "1" + ")" * 100, "10^999", "-" * 250 + "1", "ln()", "*"],
)
def test_what_is_not_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(BadExpressionError, match=r".+\."):
        calculate(text)


async def test_notes_are_kept_newest_first_and_shown_as_text(home: httpx.AsyncClient) -> None:
    await add_note(home, "Buy <b>salt</b>")
    page = await add_note(home, "Call Fernhill\nbefore noon")
    assert page.status_code == 200
    assert 'id="notes-display"' in page.text
    assert 'id="note-form"' in page.text
    assert 'id="note-input"' in page.text
    assert notes(page) == ["Call Fernhill\nbefore noon", "Buy <b>salt</b>"]
    assert "<b>salt" not in page.text
    assert "Call Fernhill" in (await home.get("/")).text


async def test_an_empty_note_and_one_too_long_are_refused(home: httpx.AsyncClient) -> None:
    for text in ("  \n ", "x" * 4001):
        page = await add_note(home, text)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert notes(page) == []


async def test_a_note_is_deleted_once(home: httpx.AsyncClient) -> None:
    page = await add_note(home, "Gone soon")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token
    page = await home.post("/scratchpad/1/delete", data={"token": token[1]})
    assert notes(page) == []
    for number in ("1", "9" * 30, "9" * 5000, "x"):
        assert (await home.post(f"/scratchpad/{number}/delete", data={"token": token[1]})).status_code == 404


async def test_a_form_from_elsewhere_is_refused(home: httpx.AsyncClient) -> None:
    for token in ("", "guess"):
        response = await home.post("/scratchpad.html", data={"token": token, "note": "x"})
        assert response.status_code == 403
        assert "no longer valid" in response.text
    assert notes(await home.get("/scratchpad.html")) == []


async def test_passwords_lists_the_accounts(home: httpx.AsyncClient) -> None:
    html = (await home.get("/password.html")).text
    for account in ("emma.lopez@gmail.com", "Password.123", "byteblaze", "hello1234", "MarvelsGrantMan136"):
        assert account in html
    assert 'id="password"' not in html


@pytest.mark.parametrize(
    ("query", "pattern"),
    [
        ("length=12", "[A-Za-z]{12}"),
        ("length=20&digits=1", "[A-Za-z0-9]{20}"),
        ("length=999", "[A-Za-z]{64}"),
        ("length=2", "[A-Za-z]{6}"),
        ("length=x", r"\S{16}"),
    ],
)
async def test_passwords_are_made_as_asked(home: httpx.AsyncClient, query: str, pattern: str) -> None:
    html = (await home.get(f"/password.html?{query}")).text
    made = re.search(r'id="password"[^>]*><code>(.*?)</code>', html)
    assert made
    assert re.fullmatch(pattern, unescape(made[1]))


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/", 405)])
async def test_errors_are_pages(home: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    response = await home.request(method, path)
    assert response.status_code == status
    assert "Back to the home page" in response.text

"""What a clumsy visitor of the forum meets: odd addresses, wrong entries, links that have to lead somewhere."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from tests.mini.forum_client import ACCOUNT, Visitor, visiting

BEYOND_SQLITE = 2**64
PAGES = [
    "/",
    "/all/top?t=month",
    "/forums",
    "/forums/all",
    "/f/PortAlder",
    "/f/PortAlder/comments",
    "/f/boardgames/10513/-",
    "/f/boardgames/10513/-/comment/54947",
    f"/user/{ACCOUNT}",
    f"/user/{ACCOUNT}/account",
    "/search?q=pan",
    "/search?q=pan&kind=comment",
    "/about",
    "/formatting",
    "/comments",
    "/submit",
]
HREF = re.compile(r'(?:href|src)="([^"]*)"')


def kind(path: str) -> str:
    """The address without what differs between pages of one kind."""
    names = re.sub(r"^/(f|user|submit)/[^/?]+", r"/\1/*", re.sub(r"\d+", "*", path))
    return re.sub(r"(\*/)[^/]+|images/.*|(?<=q=)[^&]*", r"\1*", names)


def links(visitor: Visitor) -> Iterator[str]:
    """Addresses on this site that the open page leads to."""
    for target in HREF.findall(visitor.html):
        assert target not in ("", "#"), visitor.url
        address = urlsplit(urljoin(f"http://forum{visitor.url}", target))
        if address.netloc == "forum":
            yield address.path + (f"?{address.query}" if address.query else "")


@pytest.mark.parametrize("logged_in", [True, False])
async def test_every_kind_of_link_leads_to_a_page(logged_in: bool) -> None:
    async with visiting(logged_in=logged_in) as visitor:
        found: dict[str, str] = {}
        for path in PAGES:
            await visitor.get(path)
            assert visitor.status == 200, path
            for link in links(visitor):
                found.setdefault(kind(link), link)
        assert len(found) > 60
        for link in found.values():
            await visitor.get(link)
            assert visitor.status == 200, link


@pytest.mark.parametrize(
    "path",
    [f"/f/cooking/{BEYOND_SQLITE}", f"/f/cooking/{BEYOND_SQLITE}/x", f"/f/cooking/10251/x/comment/{BEYOND_SQLITE}"],
)
async def test_a_number_too_long_for_the_database_is_not_found(path: str) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert visitor.status == 404
        assert "Page not found" in visitor.html


async def test_a_vote_on_a_number_too_long_for_the_database_is_not_found() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/")
        await visitor.post(f"/sv/{BEYOND_SQLITE}", choice="1")
        assert visitor.status == 404


@pytest.mark.parametrize("path", ["/f/cooking?p=99", "/search?q=pan&p=99", f"/user/{ACCOUNT}/comments?p=99"])
async def test_a_page_past_the_last_one_says_so_and_leads_to_the_first(path: str) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert "There is no page 99." in visitor.html
        assert f'href="{re.sub("[?&]p=99", "", path)}">First page</a>' in visitor.html
        assert "Previous page" not in visitor.html


@pytest.mark.parametrize("path", ["/f/COOKING/comments", "/f/COOKING/10251/-/comment/52259"])
async def test_other_pages_of_a_forum_know_its_name_in_any_case_too(path: str) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert visitor.url.startswith("/f/cooking/")


async def test_the_address_of_a_reply_opens_a_form_after_logging_in() -> None:
    async with visiting() as visitor:
        reply = "/f/boardgames/10513/-/comment/54947/reply"
        await visitor.get(reply)
        assert visitor.url == "/login"
        await visitor.post("/login", username=ACCOUNT, password="test1234")
        assert "Reply to nadia_candle</h1>" in visitor.html
        await visitor.post(reply, comment="From the form.")
        assert re.search(r"/comment/\d+$", visitor.url)
        assert "From the form." in visitor.html


async def test_a_deleted_comment_cannot_be_edited_answered_or_voted_on() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/boardgames/10513/-")
        await visitor.post("/f/boardgames/10513/-/comment", comment="Soon gone.")
        gone = visitor.url
        await visitor.post(f"{gone}/reply", comment="An answer.")
        await visitor.post(f"{gone}/delete")
        for path, fields in (
            (f"{gone}/edit", {"comment": "Back again."}),
            (f"{gone}/reply", {"comment": "Hello?"}),
            (f"{gone}/delete", {}),
            (f"/cv/{gone.rpartition('/')[2]}", {"choice": "-1"}),
        ):
            await visitor.get("/submit")
            await visitor.post(path, **fields)
            assert visitor.status == 404, path


@pytest.mark.parametrize("email", ["nonsense", "a@b", "a b@c.example", "x" * 250 + "@c.example"])
async def test_what_is_no_email_address_is_refused(email: str) -> None:
    async with visiting() as visitor:
        await visitor.get("/registration")
        await visitor.post("/registration", username="new_here", email=email, password="12345678", repeat="12345678")
        assert "This is not an email address" in visitor.html
        await visitor.log_in()
        await visitor.get(f"/user/{ACCOUNT}/account")
        await visitor.post(f"/user/{ACCOUNT}/account", email=email, current="test1234")
        assert "This is not an email address" in visitor.html
        await visitor.post(f"/user/{ACCOUNT}/account", email="m@grant.example", current="test1234")
        assert "Your settings are saved." in visitor.html


async def test_a_title_has_to_be_visible_and_an_address_not_too_long() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/submit/dogs")
        await visitor.post("/submit", title="\u200b\u2060", url=f"https://a.example/{'x' * 2000}", forum="dogs")
        assert "A submission needs a title." in visitor.html
        assert "At most 2000 characters." in visitor.html


async def test_the_about_page_knows_the_visitor_s_subscriptions() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/about")
        assert "You have no subscriptions yet" not in visitor.html
        assert ">PortAlder</a>" in visitor.html.partition('id="sidebar"')[2].partition("</section>")[0]

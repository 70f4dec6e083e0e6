"""The forum as a visitor meets it: official URLs, official hooks, and pages for every mistake."""

import re

import pytest

from tests.mini.forum_client import ACCOUNT, visiting

VOTE_FORM = re.compile(r'<div class="submission__vote">\s*<form [^>]*class="([^"]+)"')
OFFICIAL_PATHS = [
    "/",
    "/hot",
    "/new",
    "/top?t=week",
    "/active",
    "/all",
    "/all/most_commented?t=month&p=2",
    "/featured",
    "/comments",
    "/about",
    "/forums",
    "/forums/all",
    "/forums/by_name",
    "/forums/by_submissions?p=2",
    "/f/cooking",
    "/f/cooking/new",
    "/f/cooking/top?t=all",
    "/f/cooking/most_commented",
    "/f/cooking/comments",
    "/user/MarvelsGrantMan136",
    "/user/MarvelsGrantMan136/submissions",
    "/user/MarvelsGrantMan136/comments",
    "/search",
    "/search?q=telescope",
    "/search?q=telescope&kind=comment",
    "/search?q=%22%29+OR+*",
    "/login",
    "/registration",
]
NEEDS_LOGIN = ["/submit", "/submit/cooking", "/create_forum", "/f/PortAlder/edit", f"/user/{ACCOUNT}/account"]


@pytest.mark.parametrize("path", OFFICIAL_PATHS)
@pytest.mark.parametrize("logged_in", [True, False])
async def test_pages_open(path: str, logged_in: bool) -> None:
    async with visiting(logged_in=logged_in) as visitor:
        await visitor.get(path)
        assert (visitor.status, visitor.url) == (200, path)


@pytest.mark.parametrize("path", NEEDS_LOGIN)
async def test_who_is_not_logged_in_is_sent_to_the_log_in_page(path: str) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert visitor.url == "/login"


async def test_logging_in_leads_to_the_account_page_that_can_delete_it() -> None:
    async with visiting() as visitor:
        await visitor.get(f"/user/{ACCOUNT}/account")
        await visitor.post("/login", username=ACCOUNT, password="test1234")
        assert visitor.url == f"/user/{ACCOUNT}/account"
        assert "Delete" in visitor.html


async def test_a_wrong_password_is_told_once_by_the_log_in_page_and_the_way_back_is_kept() -> None:
    async with visiting() as visitor:
        await visitor.get("/submit/cooking")
        await visitor.post("/login", username=ACCOUNT, password="wrong")
        assert visitor.redirected
        assert visitor.url == "/login"
        assert "The username or the password is wrong." in visitor.html
        assert "is wrong" not in await visitor.get("/login")
        await visitor.post("/login", username=ACCOUNT, password="test1234")
        assert visitor.url == "/submit/cooking"


async def test_a_form_of_who_is_not_logged_in_leads_to_the_log_in_page_and_not_back() -> None:
    async with visiting() as visitor:
        await visitor.get("/f/cooking")
        await visitor.post("/f/cooking/subscribe")
        assert visitor.url == "/login"
        await visitor.log_in()
        assert visitor.url == "/"


async def test_logging_out_ends_the_session() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/")
        await visitor.post("/logout")
        await visitor.get("/submit")
        assert visitor.url == "/login"


async def test_registration_tells_what_is_wrong_and_then_lets_in() -> None:
    async with visiting() as visitor:
        await visitor.get("/registration")
        await visitor.post("/registration", username=ACCOUNT.lower(), email="", password="short", repeat="")
        assert "This name is taken." in visitor.html
        assert "At least 8 characters." in visitor.html
        await visitor.post("/registration", username="new_here", email="", password="long enough", repeat="long enough")
        assert 'href="/user/new_here"' in visitor.html


async def test_a_vote_changes_class_and_score_and_a_second_click_takes_it_back() -> None:
    async with visiting(logged_in=True) as visitor:
        submission = visitor.database.one(
            "select id, net_score from submissions where id not in"
            " (select submission_id from submission_votes where user_id = 1)"
        )
        assert submission is not None
        path = f"/sv/{submission['id']}"
        forum = visitor.database.value(
            "select f.name from forums f join submissions s on s.forum_id = f.id where s.id = ?", submission["id"]
        )
        seen = []
        await visitor.get(f"/f/{forum}/{submission['id']}/")
        for choice in ("1", "-1", "0"):
            await visitor.post(path, choice=choice)
            found = VOTE_FORM.search(visitor.html)
            score = visitor.database.value("select net_score from submissions where id = ?", submission["id"])
            seen.append((found and found[1], score - submission["net_score"]))
        assert seen == [("vote vote--user-upvoted", 1), ("vote vote--user-downvoted", -1), ("vote", 0)]
        assert 'value="1" title="Upvote"' in visitor.html


async def test_a_form_without_the_right_token_does_nothing() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.post("/sv/10001", token="guess", choice="1")
        assert visitor.status == 403
        assert "no longer valid" in visitor.html
        assert visitor.database.value("select count(*) from submission_votes where user_id = 1") == 5


async def test_posting_shows_the_submission_with_its_hooks() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/submit/gadgets")
        assert "<option selected>gadgets</option>" in visitor.html
        await visitor.post(
            "/submit",
            title="A <b>new</b> lamp?",
            url="https://lamps.example/a?b=1",
            body="See **this**",
            forum="gadgets",
        )
        assert re.fullmatch(r"/f/gadgets/\d+/a-b-new-b-lamp", visitor.url)
        assert 'class="vote vote--user-upvoted"' in visitor.html
        assert '<a class="submission__host" href="https://lamps.example/a?b=1"' in visitor.html
        assert "<strong>this</strong>" in visitor.html
        stamped = "select max(created_at) = (select now from clock) from submissions"
        assert visitor.database.value(stamped) == 1
        await visitor.get("/search?q=lamp")
        assert "A <b>new</b> lamp?" in visitor.html


async def test_posting_tells_every_mistake_next_to_its_field() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/submit")
        await visitor.post("/submit", title="", url="javascript:alert(1)", body="kept", forum="nowhere")
        assert not visitor.redirected
        for text in ("A submission needs a title.", "This is not a web address", "Choose a forum.", "kept</textarea>"):
            assert text in visitor.html


@pytest.mark.parametrize(("data", "taken"), [(b"\x89PNG\r\n\x1a\nrest", True), (b"<svg onload='x()'/>", False)])
async def test_pictures_are_known_by_their_content(data: bytes, taken: bool) -> None:
    async with visiting(logged_in=True) as visitor:
        token = re.search(r'name="token" value="([^"]+)"', await visitor.get("/submit"))
        assert token is not None
        fields = {"token": token[1], "kind": "image", "title": "Look", "body": "", "forum": "dogs"}
        response = await visitor.client.post("/submit", data=fields, files={"image": ("a.png", data, "image/png")})
        assert ('<img src="/submission_images/' in response.text) is taken


async def test_only_the_author_edits_and_deletes_a_submission() -> None:
    async with visiting(logged_in=True) as visitor:
        own, other = (
            visitor.database.one(
                "select s.id, s.slug, f.name as forum from submissions s join forums f on f.id = s.forum_id"
                f" where s.user_id {operator} 1"
            )
            for operator in ("=", "!=")
        )
        assert own is not None
        assert other is not None
        await visitor.get(f"/f/{other['forum']}/{other['id']}/-/edit")
        assert visitor.status == 403
        path = f"/f/{own['forum']}/{own['id']}/{own['slug']}"
        await visitor.get(f"{path}/edit")
        await visitor.post(f"{path}/edit", title="New title", url="", body="New body")
        assert visitor.url == path
        assert "New body" in visitor.html
        await visitor.get(f"{path}/delete")
        await visitor.post(f"{path}/delete")
        assert visitor.url == f"/f/{own['forum']}"
        await visitor.get(path)
        assert visitor.status == 404


async def test_a_comment_is_the_first_one_on_the_page_that_follows() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/boardgames/10513/-")
        await visitor.post("/f/boardgames/10513/-/comment", comment="Count me in.")
        assert re.fullmatch(r"/f/boardgames/10513/our-game-night[-a-z]*/comment/\d+", visitor.url)
        bodies = re.findall(r'<div class="comment__body prose"><p>(.*?)</p>', visitor.html)
        assert bodies[0] == "Count me in."
        parent = visitor.url
        await visitor.post(f"{parent}/reply", comment="Me too.")
        await visitor.get(parent)
        bodies = re.findall(r'<div class="comment__body prose"><p>(.*?)</p>', visitor.html)
        assert bodies == ["Count me in.", "Me too."]


async def test_a_deleted_comment_with_replies_leaves_its_place() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/boardgames/10513/-")
        await visitor.post("/f/boardgames/10513/-/comment", comment="Soon gone.")
        parent = visitor.url
        await visitor.post(f"{parent}/reply", comment="An answer.")
        await visitor.get(f"{parent}/delete")
        await visitor.post(f"{parent}/delete")
        await visitor.get("/f/boardgames/10513/-")
        assert "Soon gone." not in visitor.html
        assert "[deleted]" in visitor.html
        assert "An answer." in visitor.html


async def test_subscribing_shows_in_the_first_section_of_the_front_page() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/hiking")
        await visitor.post("/f/hiking/subscribe")
        assert visitor.url == "/f/hiking"
        await visitor.get("/")
        first_section = visitor.html.partition('id="sidebar"')[2].partition("</section>")[0]
        assert ">hiking</a>" in first_section
        await visitor.post("/f/hiking/unsubscribe")
        first_section = visitor.html.partition('id="sidebar"')[2].partition("</section>")[0]
        assert ">hiking</a>" not in first_section


async def test_whoever_creates_a_forum_moderates_it() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/create_forum")
        await visitor.post("/create_forum", name="a b", title="T", description="D", sidebar="")
        assert "Use 3 to 25 letters" in visitor.html
        await visitor.post("/create_forum", name="Kites", title="T", description="Flying", sidebar="- wind")
        assert visitor.url == "/f/Kites"
        await visitor.get("/f/Kites/edit")
        assert re.search(r'id="forum_description"[^>]* value="Flying"', visitor.html)
        assert re.search(r'id="forum_sidebar"[^>]*>\n- wind</textarea>', visitor.html)


async def test_moderators_delete_what_others_wrote_in_their_forum_and_nowhere_else() -> None:
    async with visiting(logged_in=True) as visitor:
        path = "/f/boardgames/10513/-/comment/54947"
        await visitor.get(path)
        assert 'comment/54947/delete">Delete</a>' in visitor.html
        assert 'comment/54947/edit">Edit</a>' not in visitor.html
        await visitor.get(f"{path}/delete")
        await visitor.post(f"{path}/delete")
        assert "Trivia in teams." not in visitor.html
        other = visitor.database.one("select id, submission_id from comments where submission_id = 10251")
        assert other is not None
        await visitor.get(f"/f/cooking/10251/-/comment/{other['id']}/delete")
        assert visitor.status == 403
        assert "Only the author and the moderators" in visitor.html


async def test_only_moderators_edit_a_forum() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/cooking/edit")
        assert visitor.status == 403
        assert "Only moderators of cooking can edit it." in visitor.html


async def test_the_biography_shows_on_the_profile() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get(f"/user/{ACCOUNT}/edit_biography")
        await visitor.post(f"/user/{ACCOUNT}/edit_biography", biography="Reads maps.")
        assert '<div class="user-bio__biography prose"><p>Reads maps.</p>' in visitor.html


async def test_other_people_s_account_pages_are_refused() -> None:
    async with visiting(logged_in=True) as visitor:
        other = visitor.database.value("select name from users where id = 2")
        await visitor.get(f"/user/{other}/account")
        assert visitor.status == 403


async def test_deleting_the_account_takes_its_posts_votes_and_session_along() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get(f"/user/{ACCOUNT}/delete_account")
        await visitor.post(f"/user/{ACCOUNT}/delete_account")
        assert 'href="/login"' in visitor.html
        assert visitor.database.value("select count(*) from submissions where user_id = 1") == 0
        wrong = """select count(*) from submissions where comment_count !=
            (select count(*) from comments where submission_id = submissions.id)"""
        assert visitor.database.value(wrong) == 0


@pytest.mark.parametrize(
    "path", ["/nothing", "/f/nowhere", "/f/cooking/99999999/-", "/user/nobody_at_all", "/forums/by_x"]
)
async def test_what_is_not_there_is_a_page(path: str) -> None:
    async with visiting() as visitor:
        await visitor.get(path)
        assert visitor.status == 404
        assert "Page not found" in visitor.html


async def test_the_name_of_a_forum_in_the_url_may_have_any_case() -> None:
    async with visiting() as visitor:
        await visitor.get("/f/COOKING/top?t=week")
        assert visitor.url == "/f/cooking/top?t=week"


async def test_markup_of_visitors_is_text() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/submit/dogs")
        body = "<script>alert(1)</script> [x](javascript:alert(2)) https://dogs.example/a."
        await visitor.post("/submit", title="<img src=x>", body=body, forum="dogs")
        raw = (await visitor.client.get(visitor.url)).text
        assert "<script>" not in raw
        assert "<img src=x>" not in raw
        assert 'href="javascript:' not in raw
        assert '<a href="https://dogs.example/a">' in raw


async def test_a_reset_forgets_everything_that_was_done() -> None:
    async with visiting(logged_in=True) as visitor:
        await visitor.get("/f/hiking")
        await visitor.post("/f/hiking/subscribe")
        visitor.database.reset()
        await visitor.get("/submit")
        assert visitor.url == "/login"
        await visitor.log_in()
        assert ">hiking</a>" not in visitor.html.partition('id="sidebar"')[2].partition("</section>")[0]

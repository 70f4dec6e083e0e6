"""Notifications: what others answer to own submissions and comments."""

from tests.mini.forum_client import ACCOUNT, visiting

OWN_THREAD = "/f/boardgames/10513/-"


async def test_an_answer_is_counted_and_listed_until_it_is_marked_as_read() -> None:
    async with visiting() as visitor:
        await visitor.get("/registration")
        await visitor.post("/registration", username="new_here", email="", password="12345678", repeat="12345678")
        await visitor.get(OWN_THREAD)
        await visitor.post(f"{OWN_THREAD}/comment", comment="Try a bigger table.")
        comment = visitor.url
        await visitor.post("/logout")
        await visitor.log_in()
        assert ">Notifications (3)</a>" in visitor.html
        await visitor.get("/notifications")
        assert visitor.html.count(">New</p>") == 3
        assert visitor.html.index("Try a bigger table.") < visitor.html.index("Is the bike rate the same as before?")
        await visitor.post("/notifications/mark_read")
        assert ">Notifications</a>" in visitor.html
        assert ">New</p>" not in visitor.html
        await visitor.get(comment)
        await visitor.post(f"{comment}/reply", comment="My own words are no news.")
        assert ">Notifications</a>" in visitor.html


async def test_a_new_member_has_none_and_a_visitor_is_sent_to_log_in() -> None:
    async with visiting() as visitor:
        await visitor.get("/notifications")
        assert visitor.url == "/login"
        await visitor.get("/registration")
        await visitor.post("/registration", username="new_here", email="", password="12345678", repeat="12345678")
        await visitor.get("/notifications")
        assert "Nobody has answered you yet." in visitor.html
        await visitor.get(f"/user/{ACCOUNT}")
        assert ">Notifications</a>" in visitor.html

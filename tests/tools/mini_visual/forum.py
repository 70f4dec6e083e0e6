"""Templates about pictures of posts, which have wares in front of their scene, and some a card."""

import re
from collections import Counter
from contextlib import closing
from typing import Any

from tests.tools.mini_visual.records import Action, Picker, Records, Row, alike, button, colour, html, typed
from webarena_mini.kit.database import Database
from webarena_mini.sites.forum.app import SITE
from webarena_mini.sites.forum.domain.photos import Front

REDDIT, ACCOUNT = "reddit", "MarvelsGrantMan136"
PLURALS = {
    "bicycle": "bicycles",
    "camera": "cameras",
    "lamp": "table lamps",
    "mug": "mugs",
    "pot": "small plant pots",
    "tent": "tents",
    "toolbox": "toolboxes",
}
_ROWS = """select s.*, f.name as forum, u.name as author, i.data from submissions s
    join images i on i.id = s.image_id join forums f on f.id = s.forum_id join users u on u.id = s.user_id
    order by s.id"""
_VOTE = "document.querySelector('div.submission__vote').querySelector('form').getAttribute('class')"

# What the account has said on the page.
_OWN = (
    f"[...document.querySelectorAll('.comment__main')].filter((each) => each.querySelector('.author')?.textContent === "
    f"'{ACCOUNT}').map((each) => each.outerText).join(' ')"
)


class Forum:
    def __init__(self, records: Records) -> None:
        self._add = records.add
        self._pick = Picker("forum")
        with closing(Database(SITE.snapshot())) as database:
            rows = [dict(row) for row in database.all(_ROWS)]
            voted = database.all("select submission_id from submission_votes where user_id = 1")
        self._voted = {row[0] for row in voted}
        titles = Counter(row["title"] for row in rows)
        self._rows = [row | {"front": front_in(row["data"])} for row in rows if titles[row["title"]] == 1]

    def add_all(self) -> None:
        self._count()
        self._colour()
        self._card()
        self._author()
        self._vote()
        self._same()
        self._open()
        self._reply()
        self._title()

    def _count(self) -> None:
        text = "How many {{wares}} are there in the picture of this post? Answer with a number only."
        for row in self._pick([row for row in self._rows if row["front"].pieces > 1], 3):
            pieces = str(row["front"].pieces)
            self._look_at((40, text), row, answer=pieces, string_match={"exact_match": pieces})

    def _colour(self) -> None:
        text = "Which color have the {{wares}} in the picture of this post? Answer with one word."
        for row in self._pick(self._rows, 3):
            self._look_at((41, text), row, answer=row["front"].tone, string_match=colour(row["front"].tone))

    def _card(self) -> None:
        text = "What does the card in the corner of the picture of this post say? Answer with its text only."
        for row in self._pick([row for row in self._rows if row["front"].label], 3):
            label = row["front"].label
            self._look_at((42, text), row, answer=label, string_match={"exact_match": label})

    def _author(self) -> None:
        text = "Who has posted this picture in the forum {{forum}}? Answer with the user name only."
        for row in self._pick(self._rows, 3):
            self._find((43, text), row, answer=row["author"], string_match={"exact_match": row["author"]})

    def _vote(self) -> None:
        text = "Upvote the post with this picture in the forum {{forum}}."
        for row in self._pick([row for row in self._rows if row["id"] not in self._voted], 3):
            check = html(f"__REDDIT__{_page(row)}", _VOTE, must_include=["vote vote--user-upvoted"])
            self._find((44, text), row, [button("Upvote")], program_html=check)

    def _same(self) -> None:
        text = "Open the post in the forum {{forum}} whose picture this is."
        for row in self._pick(self._rows, 3):
            self._find((45, text), row, page_image_query=alike(".submission__image", _file(row)))

    def _open(self) -> None:
        text = "Open the post in the forum {{forum}} whose picture shows {{pieces}} {{tone}} {{wares}}."
        looks = Counter((row["forum"], *row["front"][:3]) for row in self._rows)
        several = [row for row in self._rows if row["front"].pieces > 1]
        for row in self._pick([row for row in several if looks[row["forum"], *row["front"][:3]] == 1], 3):
            front = row["front"]
            values = {"pieces": front.pieces, "tone": front.tone, "wares": PLURALS[front.ware]}
            self._find((46, text), row, image=None, values=values, url_match=f"__REDDIT__{_page(row)}")

    def _reply(self) -> None:
        text = (
            "Reply to the post with this picture in the forum {{forum}} with one sentence that has the color of the "
            "{{wares}} in it, and no other."
        )
        for row in self._pick(self._rows, 2):
            front = row["front"]
            other = "yellow" if front.tone != "yellow" else "purple"
            page = f"__REDDIT__{_page(row)}"
            checks = [*html(page, _OWN, must_include=[front.tone]), *html(page, _OWN, must_exclude=[other])]
            actions = [typed("Comment", f"I like the {front.tone} ones"), button("Post")]
            self._find((47, text), row, actions, values={"wares": PLURALS[front.ware]}, program_html=checks)

    def _title(self) -> None:
        text = "What is the title of the post with this picture in the forum {{forum}}?"
        for row in self._pick(self._rows, 2):
            self._find((48, text), row, answer=row["title"], string_match={"must_include": [row["title"]]})

    def _look_at(self, template: tuple[int, str], row: Row, **parts: Any) -> None:
        """On the page of the post."""
        values = {"wares": PLURALS[row["front"].ware]} if "{{wares}}" in template[1] else {}
        self._add(REDDIT, template, start=_page(row), values=values, **parts)

    def _find(
        self,
        template: tuple[int, str],
        row: Row,
        actions: list[Action] | None = None,
        *,
        values: dict[str, Any] | None = None,
        **parts: Any,
    ) -> None:
        """From the forum that the post is in, by its picture unless `image` is None."""
        opened: list[Action] = [{"do": "goto", "url": f"__REDDIT__{_page(row)}"}, *(actions or [])]
        shown = {"image": _file(row), "visual": "medium"} | parts
        filled = {"forum": row["forum"]} | (values or {})
        self._add(REDDIT, template, opened, start=f"/f/{row['forum']}", values=filled, **shown)


def front_in(drawing: bytes) -> Front:
    """What the attributes of a drawing say."""
    found = dict(re.findall(r'data-(\w+)="([^"]*)"', drawing.decode()))
    return Front(found["ware"], found["tone"], int(found["pieces"]), found["label"])


def _page(row: Row) -> str:
    return f"/f/{row['forum']}/{row['id']}/{row['slug']}"


def _file(row: Row) -> str:
    return f"__REDDIT__/submission_images/{row['image_id']}"

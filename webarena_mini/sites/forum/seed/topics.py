"""The forums and what is talked about in them, read from `topics/*.toml`."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_mini.sites.forum import FOLDER


@dataclass(frozen=True)
class ThreadPattern:
    """One kind of thread: `site` makes it a link post to that host, `image` a picture of that scene."""

    title: list[str]
    comments: list[str]
    body: list[str] = field(default_factory=list)
    op: list[str] = field(default_factory=list)
    site: str = ""
    image: str = ""


@dataclass(frozen=True)
class Topic:
    """A forum; `size` is its number of submissions, `pull` how readily people subscribe to it."""

    name: str
    title: str
    description: str
    sidebar: str
    size: int
    pull: float
    featured: bool
    words: dict[str, list[str]]
    threads: list[ThreadPattern]
    comments: list[str]
    replies: list[str]


@dataclass(frozen=True)
class Line:
    """Something that can be said in any forum, and the kinds of what it can follow."""

    say: str
    to: list[str]


@dataclass(frozen=True)
class CommonTalk:
    """What is said in any forum; `op` is what the author of a submission replies.

    The first three are drawn from; where a drawn line does not fit, one of its kind is taken from it and `more_`.
    """

    comments: list[Line]
    replies: list[Line]
    op: list[Line]
    more_comments: list[Line]
    more_replies: list[Line]
    more_op: list[Line]


@dataclass(frozen=True)
class PeopleWords:
    """What user names and biographies are made of."""

    first: list[str]
    second: list[str]
    given: list[str]
    life: list[str]
    likes: list[str]


@dataclass(frozen=True)
class OwnPost:
    """A submission of the official account."""

    forum: str
    title: str
    body: str
    age_days: int
    comments: list[str]
    url: str = ""


@dataclass(frozen=True)
class OfficialAccount:
    biography: str
    moderates: list[str]
    subscribes: list[str]
    posts: list[OwnPost]


def load_topics() -> list[Topic]:
    """All forums, in the order of their file names."""
    return [_topic(_read(path)) for path in sorted((FOLDER / "data" / "topics").glob("*.toml"))]


def load_common() -> CommonTalk:
    lists = _read(FOLDER / "data" / "common.toml")
    return CommonTalk(**{name: [Line(**line) for line in lines] for name, lines in lists.items()})


def load_words() -> PeopleWords:
    return PeopleWords(**_read(FOLDER / "data" / "people.toml"))


def load_official() -> OfficialAccount:
    data = _read(FOLDER / "data" / "official.toml")
    return OfficialAccount(**{**data, "posts": [OwnPost(**post) for post in data["posts"]]})


def _topic(data: dict[str, Any]) -> Topic:
    defaults = {"size": 25, "pull": 1.0, "featured": True}
    return Topic(**{**defaults, **data, "threads": [ThreadPattern(**thread) for thread in data["threads"]]})


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))

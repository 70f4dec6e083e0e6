"""Words before a kind of place: "italian" restaurants, "5 star" hotels, "free" museums, "accessible" cafés."""

import json
import re
import sqlite3
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_STARS = re.compile(r"\b([1-5])[ -]?stars?\b")
_TAGS = {"free": ("fee", "no"), "wheelchair": ("wheelchair", "yes"), "accessible": ("wheelchair", "yes")}


def narrowed(rows: Iterable[sqlite3.Row], words: str) -> list[sqlite3.Row]:
    """The rows, with `name` and `tags`, that all of the words are true of."""
    stars = _STARS.search(words)
    others = _WORD.findall(_STARS.sub(" ", words))
    wanted = {_TAGS[word] for word in others if word in _TAGS} | ({("stars", stars[1])} if stars else set())
    plain = {word for word in others if word not in _TAGS}

    def fits(row: sqlite3.Row) -> bool:
        tags: dict[str, str] = json.loads(row["tags"])
        said = set(_WORD.findall(" ".join((row["name"], *tags.values())).lower()))
        return wanted <= tags.items() and plain <= said

    return [row for row in rows if fits(row)]

"""How stored values become text on a page: Markdown, slugs, paths, times, numbers."""

import re
import sqlite3
from urllib.parse import urlsplit

SLUG_LENGTH = 60


def slug(title: str) -> str:
    """Last part of a submission's URL, at most 60 characters, cut at a word; "-" when nothing is left."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(words) > SLUG_LENGTH:
        words = words[: SLUG_LENGTH + 1].rpartition("-")[0] or words[:SLUG_LENGTH]
    return words or "-"


def submission_path(submission: sqlite3.Row) -> str:
    return f"/f/{submission['forum']}/{submission['id']}/{submission['slug']}"


def comment_path(comment: sqlite3.Row) -> str:
    return f"/f/{comment['forum']}/{comment['submission_id']}/{comment['slug']}/comment/{comment['id']}"


def host(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")

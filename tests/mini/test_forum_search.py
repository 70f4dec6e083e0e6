"""Searching the forum: the order, narrowing, and what else a query finds."""

import re

import pytest

from tests.mini.forum_client import Visitor, visiting

SCORE = re.compile(r'vote__score">(-?\d+)<')
RESULT = re.compile(r'id="(?:submission|comment)_(\d+)"')
FORUM = re.compile(r'class="forum-name" href="/f/([^"]+)"')


def found(visitor: Visitor) -> list[int]:
    return [int(number) for number in RESULT.findall(visitor.html)]


@pytest.mark.parametrize("kind", ["submission", "comment"])
async def test_results_can_be_sorted_by_score_and_by_age(kind: str) -> None:
    async with visiting() as visitor:
        await visitor.get(f"/search?q=water&kind={kind}&sort=top")
        scores = [int(score) for score in SCORE.findall(visitor.html)]
        assert len(scores) > 5
        assert scores == sorted(scores, reverse=True)
        await visitor.get(f"/search?q=water&kind={kind}&sort=new")
        assert found(visitor) == sorted(found(visitor), reverse=True)


async def test_results_can_be_narrowed_to_a_forum_and_widened_again() -> None:
    async with visiting() as visitor:
        await visitor.get("/search?q=winter")
        everywhere = found(visitor)
        narrow = re.search(r'href="(/search\?q=winter&forum=(\w+))">Only \w+</a> <span>(\d+) result', visitor.html)
        assert narrow is not None
        await visitor.get(narrow[1])
        assert set(FORUM.findall(visitor.html)) == {narrow[2]}
        assert len(found(visitor)) == int(narrow[3])
        assert f"Only in {narrow[2]}." in visitor.html
        await visitor.get("/search?q=winter")
        assert found(visitor) == everywhere


async def test_results_can_be_narrowed_to_a_time_range() -> None:
    async with visiting() as visitor:
        counts = []
        for period in ("day", "week", "month", "year", "all"):
            await visitor.get(f"/search?q=time&kind=comment&t={period}")
            shown = re.search(r">([\d,]+|No) comments?</a>", visitor.html)
            assert shown is not None
            counts.append(int(shown[1].replace("No", "0").replace(",", "")))
        assert counts == sorted(counts)
        assert counts[1] < counts[-1]


async def test_the_pages_of_a_search_keep_its_filters() -> None:
    async with visiting() as visitor:
        await visitor.get("/search?q=year&kind=comment&sort=new")
        assert 'href="/search?q=year&kind=comment&sort=new&p=2" rel="next"' in visitor.html
        first = found(visitor)
        await visitor.get("/search?q=year&kind=comment&sort=new&p=2")
        assert max(found(visitor)) < min(first)


async def test_forums_and_users_are_found_by_name() -> None:
    async with visiting() as visitor:
        await visitor.get("/search?q=telescopes")
        assert '<a href="/f/astronomy">astronomy</a>' in visitor.html.partition("<h2>Forums</h2>")[2]
        await visitor.get("/search?q=saltypebble")
        assert 'href="/user/saltypebble43"' in visitor.html.partition("<h2>Users</h2>")[2]


@pytest.mark.parametrize("query", ["sort=x&t=y&kind=z&forum=nowhere", "sort=%00&t=%FF", "p=-3&forum=' or 1=1"])
async def test_parameters_that_make_no_sense_are_harmless(query: str) -> None:
    async with visiting() as visitor:
        await visitor.get(f"/search?q=bread&{query}")
        assert visitor.status == 200
        assert "Results for “bread”" in visitor.html

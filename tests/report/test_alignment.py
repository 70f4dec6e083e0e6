"""Trajectories beside each other."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from webarena_runner.report.comparison.alignment import Aligned, align, parted_at
from webarena_runner.types import ActedOn, Click, Decision, Observation, Step

FIRST, SECOND = {"shopping": "http://127.0.0.1:1"}, {"shopping": "http://127.0.0.1:2"}


def steps(port: int, *taken: tuple[str, str] | None) -> list[Step | None]:
    """Of (path, name of the link that is clicked) each; None cannot be read. Ids are others at each port."""
    return [
        None
        if each is None
        else Step(
            index=index,
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            observation=Observation(url=f"http://127.0.0.1:{port}{each[0]}", tabs=(), text=""),
            decision=Decision(action=Click(element_id=str(100 * port + index))),
            action_text="click",
            acted_on=ActedOn(element_id=str(100 * port + index), line=f"link '{each[1]}'", box=None),
        )
        for index, each in enumerate(taken)
    ]


def rows(first: Sequence[Step | None], second: Sequence[Step | None]) -> list[tuple[int | None, int | None, bool]]:
    aligned = align(first, second, first_urls=FIRST, second_urls=SECOND)
    return [(row.first, row.second, row.same) for row in aligned]


def test_the_same_steps_are_the_same_whatever_ports_and_ids() -> None:
    taken = (("/", "Chairs"), ("/chairs", "Stool"))
    assert rows(steps(1, *taken), steps(2, *taken)) == [(0, 0, True), (1, 1, True)]


def test_a_detour_leaves_the_other_side_empty_and_later_pages_meet_again() -> None:
    first = steps(1, ("/", "Chairs"), ("/chairs", "Stool"), ("/stool", "Buy"))
    second = steps(2, ("/", "Cart"), ("/cart", "Chairs"), ("/chairs", "Stool"), ("/stool", "Review"))
    assert rows(first, second) == [(0, 0, False), (None, 1, False), (1, 2, True), (2, 3, False)]


def test_trajectories_that_have_nothing_in_common_go_step_by_step() -> None:
    first = steps(1, ("/", "Chairs"), ("/chairs", "Stool"))
    second = steps(2, ("/", "Cart"), ("/cart", "Help"), ("/help", "Home"), ("/", "Cart"))
    assert rows(first, second) == [(0, 0, False), (1, 1, False), (None, 2, False), (None, 3, False)]


def test_what_cannot_be_read_is_never_the_same() -> None:
    assert rows(steps(1, None), steps(2, None)) == [(0, 0, False)]
    assert rows([], steps(2, ("/", "Chairs"))) == [(None, 0, False)]
    assert rows([], []) == []


@pytest.mark.parametrize(("same", "at"), [([True, False, True], 1), ([True, True], None), ([], None)])
def test_they_part_where_one_does_something_else(same: list[bool], at: int | None) -> None:
    assert parted_at([Aligned(n, n, each) for n, each in enumerate(same)]) == at

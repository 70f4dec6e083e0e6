"""A run that is killed at any moment goes on without losing or repeating a finished episode."""

from random import Random

import pytest

from bench.kills import play


@pytest.mark.browser
@pytest.mark.long
def test_a_run_that_is_killed_loses_repeats_and_leaves_nothing() -> None:
    """The short form: `make bench-kills` kills each process of a run at fifteen moments."""
    row = play("runner", moments=1, tasks=4, chance=Random(1))
    assert (row.kills, row.resumed) == (1, 1)
    assert (row.lost, row.repeated, row.orphans, row.not_passed, row.noise) == (set(), set(), set(), 0, [])

"""A run that loses its processes at any moment, itself among them, comes to the results that it would have had."""

from pathlib import Path
from random import Random

import pytest

from bench.chaos.disturbances import DISTURBANCES
from bench.chaos.play import Games, play


@pytest.mark.browser
@pytest.mark.long
def test_a_run_whose_processes_are_killed_loses_repeats_and_leaves_nothing(tmp_path: Path) -> None:
    """The short form of `make chaos`."""
    games = Games(tmp_path, tasks=2)
    row = play("anything", DISTURBANCES["anything"], games, moments=3, chance=Random(4))
    assert (row.moments, row.planned) == (3, 4 * row.runs)
    assert row.resumes >= 1
    assert row.faults == {}

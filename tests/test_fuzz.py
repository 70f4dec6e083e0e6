"""The short form of `make fuzz`: odd task files, replies and run folders end in an error of ours, and soon."""

from pathlib import Path

import pytest

from tests.fuzz.inputs import SURFACES, surface
from tests.fuzz.run import failures

# Copying and reading a run folder takes longest.
CASES = {"tasks": 150, "replies": 100, "folders": 40, "imports": 40}


@pytest.mark.parametrize("name", SURFACES)
def test_no_odd_input_ends_in_a_traceback_or_does_not_end(name: str, tmp_path: Path) -> None:
    fuzzed = surface(name, tmp_path)
    try:
        assert [failed.trace for failed in failures(name, fuzzed, cases=CASES[name], seed=1)] == []
    finally:
        fuzzed.close()

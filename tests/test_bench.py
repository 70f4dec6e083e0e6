"""The programs in bench/, which no other test runs, keep up with what they import."""

from importlib import import_module
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
PROGRAMS = [".".join(path.relative_to(BENCH).with_suffix("").parts) for path in sorted(BENCH.rglob("[!_]*.py"))]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_imports_is_there(name: str) -> None:
    assert import_module(f"bench.{name}").__doc__

"""Fixtures shared by all tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference folder beside the checkout: official tasks and recorded behaviour of the official code."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "goldens").is_dir():
        pytest.skip(f"{folder} is absent: this test compares with recorded official behaviour kept there")
    return folder

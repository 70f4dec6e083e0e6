"""Fixtures shared by all tests."""

import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Where a shell without job control starts the tests in the background, all that they start ignores Ctrl-C too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference folder beside the checkout: official tasks and recorded behaviour of the official code."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "goldens").is_dir():
        pytest.skip(f"{folder} is absent: this test compares with recorded official behaviour kept there")
    return folder

"""A container engine that stands in for docker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine.stand_in import StandIn, free_base, standing_in


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """`docker` on PATH, and no other engine."""
    with standing_in(tmp_path) as found:
        for name, value in found.environ.items():
            monkeypatch.setenv(name, value)
        for name in ("DOCKER_HOST", "CONTAINER_HOST", "HOMEPAGE", "WA_HOMEPAGE"):
            monkeypatch.delenv(name, raising=False)
        yield found


@pytest.fixture
def base() -> int:
    return free_base()

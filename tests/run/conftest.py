"""Records made by hand for tests of the store, the report and the CSV."""

from collections.abc import Callable

import pytest

from tests.log import records
from webarena_runner.types import EpisodeResult, RunManifest

MakeResult = Callable[..., EpisodeResult]
MakeManifest = Callable[..., RunManifest]


@pytest.fixture
def make_result() -> MakeResult:
    return records.make_result


@pytest.fixture
def make_manifest() -> MakeManifest:
    return records.make_manifest

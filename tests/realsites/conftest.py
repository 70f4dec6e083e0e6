"""The applications, running from their first state."""

from collections.abc import Iterator

import pytest

from tests.realsites.all_sites import RealSites, default_folder, in_folder


@pytest.fixture(scope="session")
def applications() -> Iterator[RealSites]:
    sites = in_folder(default_folder())
    yield sites
    sites.stop()


@pytest.fixture
def sites(applications: RealSites) -> RealSites:
    applications.reset()
    return applications

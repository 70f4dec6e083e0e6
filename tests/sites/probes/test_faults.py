"""The whole probe of sites: green where all is well, and each of twenty faults red, with its remedy."""

from collections.abc import Mapping, Sequence

import pytest
import pytest_asyncio

from tests.sites.probes.scenarios import SCENARIOS, play_all
from tests.sites.probes.table import PAGE, table, table_of
from webarena_mini.catalog import MODULES
from webarena_mini.server import serve
from webarena_runner.interfaces import NewContext
from webarena_runner.sites.probes.findings import Finding, Level

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(new_context: NewContext) -> Mapping[str, Sequence[Finding]]:
    """All scenarios side by side: most of their time is waiting."""
    async with serve(list(MODULES), port_base=None, token="secret") as served:
        return await play_all(served.urls, new_context)


async def test_all_is_well_where_all_is_well(played: Mapping[str, Sequence[Finding]]) -> None:
    assert [each for each in played[""] if each.level is not Level.OK] == []
    checks = {each.check for each in played[""]}
    assert checks >= {"page", "application", "clock", "log-in", "every time", "search", "REST", "map tiles", "geocoder"}
    assert sum(each.check.startswith("router") for each in played[""]) == 3


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_fault_is_told_with_its_remedy(name: str, played: Mapping[str, Sequence[Finding]]) -> None:
    scenario = SCENARIOS[name]
    failures = [each for each in played[name] if each.level is Level.FAIL]
    assert {each.site for each in failures} == {scenario.site}
    if scenario.check:
        assert [each.check for each in failures] == [scenario.check]
    assert any(scenario.remedy in each.remedy for each in failures)


async def test_the_page_says_what_doctor_says(played: Mapping[str, Sequence[Finding]]) -> None:
    """Written anew by `python -m tests.sites.probes`; at which check a site that fails now and then fails is chance."""
    now, then = table(played).splitlines(), table_of(PAGE.read_text(encoding="utf-8")).splitlines()
    by_chance = SCENARIOS["502 every other second"].symptom
    assert [row for row in now if by_chance not in row] == [row for row in then if by_chance not in row]

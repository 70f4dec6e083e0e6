"""A run that may take so long and no longer, whoever plays it."""

from pathlib import Path

import pytest

from tests.support.third_party import install
from tests.tasksets.records import record, write
from webarena_runner.log.reading import read_manifest
from webarena_runner.running.progress import Event
from webarena_runner.running.run import prepare, prepare_resume, run
from webarena_runner.settings.loading import CliOptions, Given, load_run_config

WAITING = '''
import asyncio
from contextlib import asynccontextmanager


class Waiting:
    """Never ends an episode."""

    versions = {}
    cancelled = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, setup):
        yield cls()

    async def run(self, schedule):
        schedule.next()
        try:
            await asyncio.Event().wait()
            yield
        except asyncio.CancelledError:
            Waiting.cancelled += 1
            raise
'''


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of the executor."""
    entry_points = "[webarena_runner.executors]\nwaiting = someones_waiting:Waiting\n"
    install(tmp_path, "someones_waiting", WAITING, entry_points)
    monkeypatch.syspath_prepend(tmp_path)
    return "waiting"


async def test_it_stops_then_and_can_go_on(waiting: str, tmp_path: Path) -> None:
    tasks = write(tmp_path / "own.json", [record(7), record(8)])
    given = (Given("executor", waiting, "--executor"), Given("limits.max_time_s", "0.05s", "--max-time"))
    options = CliOptions(model="oracle", task_set=str(tasks), sites="embedded", given=given)
    config, overrides = load_run_config(options, {})
    prepared = prepare(config, out=tmp_path / "results", run_id="r1", overrides=overrides)
    events: list[Event] = []
    for started in (1, 2):
        summary = await run(
            prepared if started == 1 else prepare_resume(prepared.folder), on_event=events.append, environ={}
        )
        assert "--max-time" in summary.stopped
        assert summary.report.total.missing == 2
        assert read_manifest(prepared.folder).finished_at is not None
    from someones_waiting import Waiting  # type: ignore[import-not-found]

    assert Waiting.cancelled == 2

"""A run that may take so long and no longer, whoever plays it."""

from pathlib import Path

import pytest

from tests.support.third_party import install
from tests.tasksets.records import record, write
from webarena_runner.log.reading import read_manifest
from webarena_runner.running.progress import Event, Note
from webarena_runner.running.run import prepare, prepare_resume, run
from webarena_runner.settings.loading import CliOptions, Given, load_run_config

WAITING = '''
import asyncio
from contextlib import asynccontextmanager


class Waiting:
    """Waits for sites that never are there."""

    versions = {}
    cancelled = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, setup):
        yield cls()

    async def run(self, schedule):
        schedule.waiting
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


SLOW = '''
import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.types import EpisodeResult


class Slow:
    """One worker, whose first episode goes on until nothing waits any more."""

    versions = {}

    def __init__(self, folder):
        self.folders = EpisodeFolders(folder)

    @classmethod
    @asynccontextmanager
    async def open(cls, setup):
        yield cls(setup.recipe.folder)

    async def run(self, schedule):
        while attempt := schedule.next():
            number, now = self.folders.begin(attempt.task_id, attempt.trial).attempt, datetime.now(UTC)
            while schedule.waiting:
                await asyncio.sleep(0.01)
            given = dict.fromkeys(("steps", "prompt_tokens", "completion_tokens", "cached_tokens", "wall_s"), 0)
            result = EpisodeResult(
                task_set="own", task_id=attempt.task_id, trial=0, attempt=number, ending="answered", answer="",
                final_url="", value=1.0, scores=(), started_at=now, finished_at=now, **given,
            )
            self.folders.put(result)
            schedule.ended(attempt, result)
            yield result
'''


async def test_what_runs_then_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "someones_slow", SLOW, "[webarena_runner.executors]\nslow = someones_slow:Slow\n")
    monkeypatch.syspath_prepend(tmp_path)
    tasks = write(tmp_path / "own.json", [record(7), record(8)])
    given = (Given("executor", "slow", "--executor"), Given("limits.max_time_s", "0.05s", "--max-time"))
    options = CliOptions(model="oracle", task_set=str(tasks), sites="embedded", given=given)
    config, overrides = load_run_config(options, {})
    prepared = prepare(config, out=tmp_path / "results", run_id="r1", overrides=overrides)
    events: list[Event] = []
    summary = await run(prepared, on_event=events.append, environ={})
    assert "--max-time" in summary.stopped
    assert (summary.report.total.passed, summary.report.total.missing) == (1, 1)
    (note,) = [event.text for event in events if isinstance(event, Note)]
    assert note.endswith("finishing what runs (1)")


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

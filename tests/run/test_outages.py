"""Whole runs while a copy of the sites is killed and comes back, and while one site fails in mid-episode."""

import asyncio
import logging
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import start
from tests.support.fault_proxy import in_front_of
from webarena_mini.server import serve
from webarena_runner.interfaces.execution import StepTaken
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_result
from webarena_runner.report.notes import notes
from webarena_runner.running.progress import Event
from webarena_runner.running.run import RunSummary, prepare, run
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import SitesSpec, TaskChoice
from webarena_runner.tasksets.selection import choose
from webarena_runner.types import EpisodeResult, Task

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.alone]
SITES = ("reddit", "gitlab")
QUICK = ("outages.pause_s=0.5", "outages.longest_pause_s=1", "browser.screenshots=false")


class Replica:
    """`wa-run sites serve` on ports of its own, which can be killed and started again."""

    def __init__(self, port_base: int) -> None:
        self.urls = {site: f"http://127.0.0.1:{port_base + offset}" for offset, site in enumerate(SITES)}
        self._port_base = port_base
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when the sites answer."""
        process = start("sites", "serve", "--sites", ",".join(SITES), "--port-base", str(self._port_base))
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if "WA_FULL_RESET" in line:
                return
        raise AssertionError(process.communicate())

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()
            self._process = None


@contextmanager
def replicas(count: int) -> Iterator[list[Replica]]:
    started = [Replica(port_base) for port_base in _free_ports(count)]
    try:
        for replica in started:
            replica.start()
        yield started
    finally:
        for replica in started:
            replica.kill()


def _free_ports(count: int) -> list[int]:
    """As many bases, each followed by ports for the sites and the control."""
    found: list[int] = []
    for base in range(23000, 60000, 10):
        try:
            for port in range(base, base + len(SITES) + 1):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found.append(base)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


@dataclass
class Watched:
    """A run, what was logged of its sites, and the result of every attempt."""

    summary: RunSummary
    attempts: list[EpisodeResult]
    told: list[str] = field(default_factory=list)

    def require_sound(self) -> None:
        """Each task was scored once, and as without trouble."""
        final = [(result.task_id, result.value) for result in self.summary.report.results.values()]
        assert self.summary.stopped == ""
        assert sorted(final) == sorted((task.task_id, 1.0) for task in TASKS)
        scored = [(result.task_id, result.value) for result in self.attempts if result.value is not None]
        assert sorted(scored) == sorted(final)


def _tasks() -> list[Task]:
    """Of each of the sites ten that read, and five that write: readers keep to one copy, writers use all."""
    alone = [task for task in choose(TaskChoice(task_set="mini"), seed=0, runs=Path())[1] if len(task.sites) == 1]
    return [
        task
        for site in SITES
        for writes, count in ((True, 5), (False, 10))
        for task in [each for each in alone if each.sites == (site,) and each.writes is writes][:count]
    ]


TASKS = _tasks()
WRITERS = {task.task_id for task in TASKS if task.writes}
ON_FORUM = {task.task_id for task in TASKS if "reddit" in task.sites}


class WhenPaused(logging.Handler):
    """Calls something the first time that a site is paused."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: Callable[[], object] | None = then

    def emit(self, record: logging.LogRecord) -> None:
        if self._then and ": paused, " in record.getMessage():
            then, self._then = self._then, None
            then()


async def play(
    out: Path, options: Mapping[str, Any], on_event: Callable[[Event], None], when_paused: WhenPaused
) -> Watched:
    """All tasks, done by their reference actions."""
    ids = ",".join(str(task.task_id) for task in TASKS)
    config, _ = load_run_config(CliOptions(model="oracle", tasks=ids, task_set="mini", assignments=QUICK), {})
    settings = config.settings.model_copy(update={"workers": 4, "exporters": ()})
    config = config.model_copy(update={"settings": settings, "sites": SitesSpec(provider="static", options=options)})
    logger = logging.getLogger("webarena_runner.sites.circuits")
    logger.addHandler(when_paused)
    try:
        summary = await run(prepare(config, out=out, run_id="r"), on_event=on_event, environ={})
    finally:
        logger.removeHandler(when_paused)
    paths = RunPaths(out / "r")
    told = [line for line in paths.log.read_text().splitlines() if " webarena_runner.sites.circuits: " in line]
    return Watched(summary, [read_result(each) for each in paths.all_attempts()], told)


async def test_a_replica_that_is_killed_and_comes_back_costs_no_task(tmp_path: Path) -> None:
    """In the middle of the first episode that writes, which has a copy without readers."""
    restarts: list[asyncio.Task[None]] = []
    with replicas(2) as (first, second):

        def on_event(event: Event) -> None:
            if isinstance(event, StepTaken) and event.task_id in WRITERS and event.index == 1 and not restarts:
                second.kill()

        def bring_back() -> None:
            restarts.append(asyncio.create_task(asyncio.to_thread(second.start)))

        options = {"instances": [{"urls": first.urls}, {"urls": second.urls}]}
        watched = await play(tmp_path, options, on_event, WhenPaused(bring_back))
        await asyncio.gather(*restarts)
    watched.require_sound()
    lost = [result.failure for result in watched.attempts if result.failure]
    assert lost
    assert {place for failure in lost for place in failure.away} <= {f"{site} of instance 2" for site in SITES}
    assert restarts, watched.told
    assert sum(watched.summary.report.away.values()) == len(lost)
    assert any("lost since a site was down" in note.text for note in notes(watched.summary.report))
    assert any("of instance 2: " in line and "it was down for" in line for line in watched.told), watched.told
    assert not [line for line in watched.told if "of instance 1:" in line]


@pytest.mark.slow
async def test_a_site_that_fails_in_mid_episode_is_never_what_is_scored(tmp_path: Path) -> None:
    """The forum answers 502 from the fourth page of its first episode on, until some time after it has been paused."""
    window: list[datetime] = []
    steps = 0
    async with serve(SITES, port_base=None, token="secret") as served:
        with in_front_of(served.urls["reddit"]) as proxy:

            def on_event(event: Event) -> None:
                nonlocal steps
                steps += isinstance(event, StepTaken) and event.task_id in ON_FORUM
                if steps == 3 and not window:
                    window.append(datetime.now(UTC))
                    proxy.fail("502")

            def mend() -> None:
                proxy.fail("")
                window.append(datetime.now(UTC))

            def mend_later() -> None:
                asyncio.get_running_loop().call_later(3, mend)

            options = {"urls": {**served.urls, "reddit": proxy.url}}
            watched = await play(tmp_path, options, on_event, WhenPaused(mend_later))
    watched.require_sound()
    failed_at, mended_at = window
    inside = [
        result
        for result in watched.attempts
        if result.task_id in ON_FORUM and failed_at < result.started_at and result.finished_at < mended_at
    ]
    assert [result.value for result in inside] == [None] * len(inside)
    lost = [result.failure for result in watched.attempts if result.failure]
    assert lost
    assert all(failure.away == ("reddit of instance 1",) for failure in lost), lost
    assert any("reddit of instance 1: " in line and "it was down for" in line for line in watched.told), watched.told
    assert not [line for line in watched.told if "gitlab of" in line]

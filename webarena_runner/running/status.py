"""Keeps the status file of a run that goes on: a heartbeat, and what the run's events come to."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from webarena_runner.errors import StoreError
from webarena_runner.interfaces.execution import StepTaken
from webarena_runner.log.status import read_status, write_status
from webarena_runner.report.standing import as_on_disk
from webarena_runner.running.progress import Event
from webarena_runner.running.tally import Tally, line_of
from webarena_runner.types import EpisodeUnderWay, RunStatus

log = logging.getLogger(__name__)
HEARTBEAT_S = 3.0
State = Literal["running", "finished", "stopped", "interrupted"]


@contextmanager
def ending(folder: Path, why: str) -> Iterator[None]:
    """Says in the status file, where there is one, that the run is over once its results are written.

    `why` it ended early; "": it did not.
    """
    state: State = "stopped" if why else "finished"
    try:
        yield
    except Exception as error:
        _note_end(folder, "stopped", str(error))
        raise
    _note_end(folder, state, why)


class StatusKeeper:
    """Takes the events of one start of a run, from before its folder is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tally = Tally(run_id=folder.name)
        self._started_at = datetime.now(UTC)
        self._last_event = ""
        self._happened = asyncio.Event()
        self._can_write = True

    def take(self, event: Event) -> None:
        self._tally.take(event)
        if line := line_of(event):
            self._last_event = f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}"
        # Steps come with the next heartbeat: on many workers there are dozens a second.
        if not isinstance(event, StepTaken):
            self._happened.set()

    @asynccontextmanager
    async def kept(self, ended_early: Callable[[], str]) -> AsyncIterator[None]:
        """Keeps the file, in a folder that is there, and says in it at the end how the playing ended.

        A run that was not disturbed is `running` still: its results are to be written.
        """
        beating = asyncio.create_task(self._beat())
        state, why = "interrupted", ""
        try:
            yield
            state, why = "running", ended_early()
        except Exception as error:
            state, why = "stopped", str(error)
            raise
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            self._write(self._now(state, why))

    async def _beat(self) -> None:
        while True:
            self._happened.clear()
            # Cancelled, it still is to end before the last one is written.
            writing = asyncio.ensure_future(asyncio.to_thread(self._write, self._now("running", "")))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                await writing
                raise
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._happened.wait()

    def _write(self, status: RunStatus) -> None:
        """A status that cannot be written takes nothing from the run, which says so once."""
        try:
            write_status(self._folder, status)
        except OSError as error:
            if self._can_write:
                log.warning("%s: the status cannot be written: %s", self._folder, error.strerror)
            self._can_write = False
        else:
            self._can_write = True

    def _now(self, state: str, why: str) -> RunStatus:
        tally = self._tally
        return RunStatus.model_validate(
            {
                "run_id": self._folder.name,
                "state": state,
                "why": why,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "started_at": self._started_at,
                "heartbeat_at": datetime.now(UTC),
                "doing": tally.phase if state == "running" else "",
                "last_event": self._last_event,
                "total": tally.total,
                "done": tally.done,
                "passed": tally.passed_before + tally.passed,
                "failed": tally.already_done - tally.passed_before + tally.failed,
                "errored": tally.errored,
                "left": tally.total - tally.done,
                "workers": tally.width,
                "workers_auto": tally.auto,
                "under_way": self._under_way() if state == "running" else (),
                "tokens": tally.tokens,
                "cost_usd": tally.cost_usd,
                "eta_s": tally.eta_s() if state == "running" else None,
            }
        )

    def _under_way(self) -> tuple[EpisodeUnderWay, ...]:
        now_s = self._tally.clock()
        return tuple(
            EpisodeUnderWay(
                worker=number,
                task_id=worker.task_id,
                trial=worker.trial,
                attempt=worker.attempt,
                steps=worker.step,
                action=worker.action,
                running_s=round(now_s - worker.since_s, 1),
            )
            for number, worker in sorted(self._tally.workers.items())
        )


def _note_end(folder: Path, state: State, why: str) -> None:
    """A status that cannot be read or written takes nothing from the run."""
    try:
        if said := read_status(folder):
            # Who was killed before it said what the last episode came to has nobody to say it later.
            counted = as_on_disk(folder, said) if said.left else said
            over = {"state": state, "why": why, "doing": "", "under_way": (), "eta_s": None}
            write_status(folder, counted.model_copy(update=over))
    except (StoreError, OSError) as error:
        log.warning("%s: the status cannot be written: %s", folder, error)

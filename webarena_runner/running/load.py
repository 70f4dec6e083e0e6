"""Measures how this machine and the model bear the episodes that are under way, for `--workers auto`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from webarena_runner.interfaces.execution import Load
from webarena_runner.running.capacity import Machine

TICK_S = 0.1
# How often what was seen is told.
TELL_EVERY_S = 1.0


@dataclass(frozen=True)
class Counts:
    """What a player's model and environments tell of themselves now; the last two are sums of all times."""

    in_line: int = 0
    starved_s: float = 0.0
    refused: int = 0


class Meter:
    """Looks while it is `running`; `counts` is asked each time."""

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self._counts = counts
        self._steps = 0
        self._began = 0.0
        self._before = Counts()
        self._late_s: list[float] = []
        self._in_line: list[int] = []

    def count_step(self) -> None:
        self._steps += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._began, self._before = monotonic(), self._counts()
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self) -> None:
        while True:
            due = monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            self._late_s.append(monotonic() - due)
            self._in_line.append(self._counts().in_line)

    @property
    def is_due(self) -> bool:
        return monotonic() - self._began >= TELL_EVERY_S

    def take(self) -> Load:
        """Since the last time."""
        now, counts = monotonic(), self._counts()
        seconds = max(now - self._began, TICK_S)
        load = Load(
            seconds=seconds,
            steps=self._steps,
            starved=min(1.0, (counts.starved_s - self._before.starved_s) / seconds),
            late_s=_mean(self._late_s),
            in_line=_mean(self._in_line),
            room=Machine.here().room,
            refused=counts.refused - self._before.refused,
        )
        self._steps, self._began, self._before = 0, now, counts
        self._late_s.clear()
        self._in_line.clear()
        return load


def _mean(values: "list[float] | list[int]") -> float:
    return sum(values) / len(values) if values else 0.0

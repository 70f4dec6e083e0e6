"""Runs seeded cases of a surface, each within a time, and tells those that end in what no user may see."""

import random
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from tests.fuzz.surfaces import Surface

CASE_LIMIT_S = 10.0


class Hangs(BaseException):
    """A case that does not end; no `except Exception` may keep it."""


@dataclass(frozen=True)
class Failed:
    """A case that failed, by the seed that draws it again."""

    seed: str
    trace: str


def failures(name: str, surface: Surface, *, cases: int, seed: int, first: int = 0) -> Iterator[Failed]:
    for number in range(first, first + cases):
        drawn = f"{name}:{seed}:{number}"
        try:
            with _limited():
                surface.case(random.Random(drawn))
        except (Exception, Hangs):  # noqa: BLE001 - whatever comes is what is looked for
            yield Failed(drawn, traceback.format_exc())


@contextmanager
def _limited() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hangs(f"not ended within {CASE_LIMIT_S:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, CASE_LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""When something came about in a run folder, by a clock of its own: files may say what a clock that jumped said."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Self

LOOK_S = 0.05


class Timeline:
    """Watches the attempts of a run; a new folder is another attempt. Moments are those of `time.monotonic`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[int, tuple[int, bool]] = {}
        self._moments: dict[int, list[float]] = defaultdict(list)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def count(self) -> int:
        """Grows with each step and each result."""
        return sum(map(len, self._moments.values()))

    def standstills(self, strikes: Sequence[float]) -> list[float]:
        """After each: until the run did something again, or longer, until an attempt did that it met."""
        attempts = [list(moments) for moments in self._moments.values()]
        everything = sorted(moment for moments in attempts for moment in moments)
        found = []
        for strike in strikes:
            met = [moments for moments in attempts if moments[0] < strike < moments[-1]]
            if after := [next(each for each in moments if each > strike) for moments in met]:
                found.append(max(after) - strike)
            elif later := [moment for moment in everything if moment > strike]:
                found.append(later[0] - strike)
        return found

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self._look()
        self._look()

    def _look(self) -> None:
        now = time.monotonic()
        for folder in self._folder.glob("episodes/*"):
            try:
                steps, inode = folder / "steps.jsonl", folder.stat().st_ino
                state = (steps.stat().st_size if steps.exists() else 0, (folder / "result.json").exists())
            except OSError:
                continue
            if self._seen.get(inode) != state:
                self._seen[inode] = state
                self._moments[inode].append(now)

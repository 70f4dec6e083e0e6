"""How many episodes may be under way at once: what was seen comes in, a number comes out. No clock, no I/O.

A number that was given is lowered by episodes that end in an overload, and comes back as others end without one.
`--workers auto` also goes by what an executor measures (`Load`): it is doubled until that brings nothing, or the
machine is busy, and goes on in small steps; memory that runs out, a model that refuses, a loop that is late and a long
line before a browser that is starved make it smaller. Nobody's episode is ended for it: fewer are begun.
"""

from dataclasses import dataclass

from webarena_runner.interfaces.execution import Load
from webarena_runner.types import TaskId

Key = tuple[TaskId, int]
# Below these a machine has room for more.
CALM_LATE_S, CALM_IN_LINE = 0.1, 0.2
# Above these it has too many. A starved browser alone is no reason: how many are in it at once is not up to this.
MOST_LATE_S, MOST_IN_LINE, STARVED = 0.5, 0.5, 0.3
# Steps of each episode until it is judged by them; those of episodes that were begun just now are not like later ones.
WINDOW_STEPS, SETTLING_STEPS = 2, 1
# Of what so many more workers should bring, that much they have to.
LEAST_GAIN = 0.1
# Where more brought nothing, it is tried again only after so many windows.
PATIENCE = 20


@dataclass
class _Seen:
    """Sums of a window: so long that each episode has taken so many steps."""

    seconds: float = 0.0
    steps: int = 0
    starved_s: float = 0.0
    late: float = 0.0
    in_line: float = 0.0

    def add(self, load: Load) -> None:
        self.seconds += load.seconds
        self.steps += load.steps
        self.starved_s += load.seconds * load.starved
        self.late += load.seconds * load.late_s
        self.in_line += load.seconds * load.in_line

    @property
    def rate(self) -> float:
        return self.steps / self.seconds

    def is_calm(self, workers: int) -> bool:
        return self.late <= CALM_LATE_S * self.seconds and self.in_line <= CALM_IN_LINE * workers * self.seconds

    def strain(self, workers: int) -> str:
        if self.late > MOST_LATE_S * self.seconds:
            return f"the runner is {self.late / self.seconds:.1f} s late"
        starved = self.starved_s > STARVED * self.seconds
        if starved and self.in_line > MOST_IN_LINE * workers * self.seconds:
            return "most stand in line for the browser, which waits for a core"
        return ""


@dataclass(frozen=True)
class _Trial:
    """More workers than before, of which it is not known yet whether they bring anything."""

    workers: int
    rate: float


class Width:
    """Of one run: `start` at first (None: no limit but the executor's own), and by what is measured up to `most`.

    `most` None: a number that was given, which what is measured does not change.
    """

    def __init__(self, start: int | None = None, most: int | None = None) -> None:
        self._now = start
        self._start = start
        self._most = most
        self._lowered = 0
        self._calm_ends = 0
        self._playing: dict[Key, int] = {}
        self._is_measured = False
        self._seen = _Seen()
        self._settling = True
        self._doubles = True
        self._trial: _Trial | None = None
        self._ceiling: int | None = None
        self._windows_at_ceiling = 0
        self.used = (start, start)

    @property
    def now(self) -> int | None:
        return self._now

    @property
    def has_room(self) -> bool:
        return self._now is None or len(self._playing) < self._now

    def begins(self, key: Key) -> None:
        self._playing[key] = self._lowered

    def ends(self, key: Key, *, overloaded: bool) -> str:
        """Why the number is another now; "" when it is not."""
        under_way, lowered = len(self._playing), self._playing.pop(key, self._lowered)
        if overloaded:
            self._calm_ends = 0
            # Those that ended in it together were too many together, once.
            if lowered == self._lowered:
                self._lowered += 1
                return self._set(max(1, under_way // 2), "the machine was too busy for an episode", calmly=False)
        elif self._now is not None and not self._is_measured:
            self._calm_ends += 1
            if self._calm_ends >= self._now:
                self._calm_ends = 0
                if self._start is None or self._now < self._start:
                    return self._set(self._now + 1, "episodes end without an overload again")
        return ""

    def measured(self, load: Load) -> str:
        """Why the number is another now; "" when it is not."""
        if self._now is None or self._most is None:
            return ""
        self._is_measured = True
        under_way = len(self._playing)
        if under_way > self._now:
            # What was decided has not come about yet.
            self._begin_window()
            return ""
        if load.refused:
            return self._set(max(1, self._now // 2), "the model's server was asked too much", calmly=False)
        if load.room < 0:
            return self._set(max(1, self._now - max(1, self._now // 4)), "memory runs out", calmly=False)
        if under_way < self._now:
            # The last episodes of a run, or sites that are not free: it says nothing of more workers.
            self._begin_window()
            return ""
        self._seen.add(load)
        enough = (SETTLING_STEPS if self._settling else WINDOW_STEPS) * self._now
        return self._judge(load.room) if self._seen.steps >= enough else ""

    def _judge(self, room: int) -> str:
        """At the end of a window in which all workers played."""
        seen, settling, now = self._seen, self._settling, self._now or 1
        self._begin_window()
        if settling:
            return ""
        if strain := seen.strain(now):
            least = max(1, (self._start or 1) // 2)
            return self._set(max(min(now, least), now - max(1, now // 4)), strain, calmly=False)
        if self._trial is not None:
            before, self._trial = self._trial, None
            if seen.rate < before.rate * (1 + LEAST_GAIN * (now / before.workers - 1)):
                self._ceiling, self._windows_at_ceiling = before.workers, 0
                return self._set(before.workers, "more brought nothing", calmly=False)
        return self._grown(seen, room) if self._may_grow() else ""

    def _may_grow(self) -> bool:
        now = self._now or 1
        if self._ceiling is not None and now >= self._ceiling:
            self._windows_at_ceiling += 1
            if self._windows_at_ceiling < PATIENCE:
                return False
            self._ceiling = None
        return now < (self._most or now)

    def _grown(self, seen: _Seen, room: int) -> str:
        now = self._now or 1
        if not seen.is_calm(now):
            return ""
        more = min(now if self._doubles else max(1, now // 8), (self._most or now) - now, room)
        if more < 1:
            return ""
        self._trial = _Trial(now, seen.rate)
        return self._set(now + more, "most wait for the model, and the machine has room", settles=True)

    def _begin_window(self) -> None:
        self._seen, self._settling = _Seen(), False

    def _set(self, number: int, why: str, *, calmly: bool = True, settles: bool = False) -> str:
        if not calmly:
            self._doubles, self._trial = False, None
        self._begin_window()
        self._settling = settles
        if number == self._now:
            return ""
        self._now = number
        least, most = self.used
        self.used = (min(least or number, number), max(most or number, number))
        return why

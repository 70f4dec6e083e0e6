"""The circuit breaker of shared sites: which site of which instance episodes may use, and how many at once.

Pure rules: `now` is the time of any clock in seconds, and what is to be done is returned for somebody to do.

    closed --its check fails, or several episodes in a row end on it--> open
    open --asked again and again, reset in between--> half open
    half open --one episode ends well--> closed, for few episodes at first; --it fails--> open
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median
from typing import NamedTuple

from webarena_runner.settings.records import OutageSettings

# Documents: less of them say nothing of a site, and older ones nothing of its present.
FEWEST, LATEST = 8, 24


class Circuit(NamedTuple):
    """One site of one instance, both by name."""

    instance: str
    site: str

    def __str__(self) -> str:
        return f"{self.site} of instance {self.instance}"


@dataclass(frozen=True)
class Seen:
    """One main document that a site was asked for: whether it failed to give it, and how long it took."""

    failed: bool
    latency_s: float = 0.0


@dataclass(frozen=True)
class Report:
    """What an episode, begun at `begun`, has seen of one site by its end.

    `ended_by` is why the episode failed, when the site may be why ("" otherwise), and `blamed` whether that is known.
    `running` is how many episodes use the site, this one included.
    """

    begun: float
    seen: Sequence[Seen] = ()
    ended_by: str = ""
    blamed: bool = True
    running: int = 1


@dataclass(frozen=True)
class Ask:
    """Find out whether the site is there, and say so by `asked`."""

    circuit: Circuit


@dataclass(frozen=True)
class Pause:
    """Let no episode begin on it; it is asked again in `pause_s`."""

    circuit: Circuit
    why: str
    pause_s: float


@dataclass(frozen=True)
class Reset:
    """Start it afresh, and say so by `was_reset`."""

    circuit: Circuit


@dataclass(frozen=True)
class Admit:
    """Let at most `width` episodes at once use it; None: any number. `why` says what it was like before."""

    circuit: Circuit
    width: int | None
    why: str


Action = Ask | Pause | Reset | Admit


class Phase(Enum):
    """Doubted: closed, and its check is under way."""

    CLOSED = "closed"
    DOUBTED = "doubted"
    OPEN = "open"
    ASKED = "asked"
    RESETTING = "resetting"
    HALF_OPEN = "half open"


@dataclass
class _State:
    """`since` is when it was opened last from closed, `changed` when it was opened or let in last.

    `peak` is the most episodes that have used the site at once. `confirmed`: a check has failed since it was opened.
    """

    phase: Phase = Phase.CLOSED
    failures: int = 0
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=LATEST))
    width: int | None = None
    peak: int = 1
    why: str = ""
    confirmed: bool = False
    since: float = float("-inf")
    changed: float = float("-inf")
    ask_at: float = 0.0
    pause_s: float = 0.0
    refusals: int = 0
    resets: int = 0

    @property
    def is_down(self) -> bool:
        return self.phase not in (Phase.CLOSED, Phase.DOUBTED)


class Breaker:
    """`may_reset` tells of which circuits the instance has a way to start the site afresh."""

    def __init__(self, settings: OutageSettings, *, may_reset: Callable[[Circuit], bool] = lambda _: False) -> None:
        self._settings = settings
        self._may_reset = may_reset
        self._states: dict[Circuit, _State] = {}

    def ended(self, circuit: Circuit, report: Report, *, now: float) -> list[Action]:
        """An episode that has used the site ended."""
        state = self._of(circuit)
        state.peak = max(state.peak, report.running)
        if report.begun < state.changed:
            # It was there before the outage, and says nothing of the site as it is now.
            return []
        match state.phase:
            case Phase.HALF_OPEN:
                return self._tried(circuit, report, now)
            case Phase.DOUBTED:
                state.failures += bool(report.ended_by and report.blamed)
                return []
            case Phase.CLOSED:
                return self._used(circuit, report)
            case _:
                return []

    def asked(self, circuit: Circuit, problem: str, *, now: float) -> list[Action]:
        """What a check of the site has found; `problem` is "" when it is there."""
        state = self._of(circuit)
        if state.phase is Phase.DOUBTED:
            return self._doubt_settled(circuit, problem, now)
        if state.phase is not Phase.ASKED:
            return []
        if problem:
            state.why, state.confirmed = problem, True
            state.refusals += 1
            return self._refused(circuit, now)
        state.phase, state.changed, state.width = Phase.HALF_OPEN, now, 1
        return [Admit(circuit, 1, f"it answers again after {now - state.since:.0f} s, and one episode tries it")]

    def was_reset(self, circuit: Circuit, *, now: float) -> None:
        """It was started afresh, or that failed: it is asked at once, and then with pauses as at first."""
        state = self._of(circuit)
        if state.phase is Phase.RESETTING:
            state.phase, state.ask_at, state.pause_s = Phase.OPEN, now, self._settings.pause_s / 2

    def taken(self, circuit: Circuit, why: str, *, now: float) -> list[Action]:
        """It is started afresh together with another site of its instance; `was_reset` follows."""
        state = self._of(circuit)
        actions: list[Action] = [] if state.is_down else [self._open(circuit, why, now)]
        state.phase, state.confirmed = Phase.RESETTING, True
        return actions

    def due(self, *, now: float) -> list[Action]:
        """The checks whose time has come."""
        asked = [each for each, state in self._states.items() if state.phase is Phase.OPEN and state.ask_at <= now]
        for circuit in asked:
            self._states[circuit].phase = Phase.ASKED
        return [Ask(circuit) for circuit in asked]

    def next_due(self) -> float | None:
        return min((state.ask_at for state in self._states.values() if state.phase is Phase.OPEN), default=None)

    def was_down(self, circuit: Circuit, *, begun: float) -> bool:
        """Whether it is down, or has gone down after `begun`, as a check has found too."""
        state = self._of(circuit)
        return state.confirmed and (state.is_down or state.since >= begun)

    def down_for(self, circuit: Circuit, *, now: float) -> float | None:
        """Seconds; None: it is not down."""
        state = self._of(circuit)
        return now - state.since if state.is_down else None

    def is_tried(self, circuit: Circuit) -> bool:
        """Whether it is half open."""
        return self._of(circuit).phase is Phase.HALF_OPEN

    def why(self, circuit: Circuit) -> str:
        """What was wrong with it last."""
        return self._of(circuit).why

    def _of(self, circuit: Circuit) -> _State:
        return self._states.setdefault(circuit, _State())

    def _used(self, circuit: Circuit, report: Report) -> list[Action]:
        state = self._of(circuit)
        state.seen.extend(report.seen)
        actions = self._narrowed(circuit, report)
        if report.ended_by:
            state.failures += report.blamed
            state.why, state.phase = report.ended_by, Phase.DOUBTED
            return [*actions, Ask(circuit)]
        if any(not each.failed for each in report.seen):
            state.failures = 0
            return actions or self._widened(circuit, report)
        return actions

    def _narrowed(self, circuit: Circuit, report: Report) -> list[Action]:
        """Half as many at once, when too many of its latest pages failed or were slow."""
        state, settings = self._of(circuit), self._settings
        if len(state.seen) < FEWEST:
            return []
        failed = sum(each.failed for each in state.seen)
        latency_s = median(each.latency_s for each in state.seen)
        if failed / len(state.seen) >= settings.error_share:
            why = f"{failed} of its latest {len(state.seen)} pages failed"
        elif latency_s >= settings.slow_s:
            why = f"its latest {len(state.seen)} pages took {latency_s:.1f} s (median)"
        else:
            return []
        state.seen.clear()
        width = max(1, min(report.running, state.width or report.running) // 2)
        if width in (state.width, report.running):
            return []
        state.width = width
        return [Admit(circuit, width, why)]

    def _widened(self, circuit: Circuit, report: Report) -> list[Action]:
        state = self._of(circuit)
        if state.width is None or any(each.failed for each in report.seen):
            return []
        state.width = state.width + 1 if state.width < state.peak else None
        return [Admit(circuit, state.width, "an episode went well")]

    def _doubt_settled(self, circuit: Circuit, problem: str, now: float) -> list[Action]:
        state = self._of(circuit)
        if problem:
            pause = self._open(circuit, f"{state.why}; asked: {problem}", now)
            state.confirmed = True
            return [pause]
        if state.failures >= self._settings.failures:
            return [self._open(circuit, f"{state.failures} episodes in a row ended on it, last: {state.why}", now)]
        state.phase = Phase.CLOSED
        return []

    def _open(self, circuit: Circuit, why: str, now: float) -> Pause:
        state = self._of(circuit)
        state.phase, state.why, state.since, state.changed = Phase.OPEN, why, now, now
        state.pause_s = self._settings.pause_s
        state.ask_at = now + state.pause_s
        state.refusals = state.resets = 0
        state.confirmed = False
        state.seen.clear()
        return Pause(circuit, why, state.pause_s)

    def _refused(self, circuit: Circuit, now: float) -> list[Action]:
        """Still down: reset, or asked again after twice the time."""
        state, settings = self._of(circuit), self._settings
        state.changed = now
        if state.refusals >= settings.reset_after > 0 and state.resets < settings.resets and self._may_reset(circuit):
            state.phase, state.refusals, state.resets = Phase.RESETTING, 0, state.resets + 1
            return [Reset(circuit)]
        state.phase = Phase.OPEN
        state.pause_s = min(2 * state.pause_s, settings.longest_pause_s)
        state.ask_at = now + state.pause_s
        return [Pause(circuit, state.why, state.pause_s)]

    def _tried(self, circuit: Circuit, report: Report, now: float) -> list[Action]:
        """By one episode, which may also have ended before it saw anything of the site."""
        state = self._of(circuit)
        if report.ended_by:
            state.why = report.ended_by
            return self._refused(circuit, now)
        if all(each.failed for each in report.seen):
            return []
        state.phase, state.failures = Phase.CLOSED, 0
        state.width = 2 if state.peak > 1 else None
        return [Admit(circuit, state.width, f"it was down for {now - state.since:.0f} s")]

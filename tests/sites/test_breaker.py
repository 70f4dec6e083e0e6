"""The circuit breaker's rules, by cases and by a random walk of many sites that come and go."""

import heapq
import itertools
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest

from webarena_runner.settings.records import OutageSettings
from webarena_runner.sites.breaker import Action, Admit, Ask, Breaker, Circuit, Pause, Report, Reset, Seen

GITLAB = Circuit("two", "gitlab")
SETTINGS = OutageSettings(failures=3, pause_s=10, longest_pause_s=40, reset_after=3, resets=1)
GOOD, BAD = (Seen(failed=False, latency_s=0.2),) * 4, (Seen(failed=True),) * 4
LOST = "status 502"


def breaker(*, may_reset: bool = False) -> Breaker:
    return Breaker(SETTINGS, may_reset=lambda _: may_reset)


def good(begun: float, *, running: int = 1) -> Report:
    return Report(begun, GOOD, running=running)


def lost(begun: float, *, running: int = 1) -> Report:
    return Report(begun, ended_by=LOST, running=running)


def opened(breaker: Breaker, *, running: int = 1) -> Breaker:
    """Down since 1, to be asked at 11."""
    breaker.ended(GITLAB, lost(0, running=running), now=1)
    breaker.asked(GITLAB, "refused", now=1)
    return breaker


def half_open(breaker: Breaker, *, running: int = 1) -> Breaker:
    """One may try it since 11."""
    opened(breaker, running=running).due(now=11)
    breaker.asked(GITLAB, "", now=11)
    return breaker


def test_one_episode_that_ends_on_a_site_has_it_asked() -> None:
    assert breaker().ended(GITLAB, lost(0), now=1) == [Ask(GITLAB)]


def test_a_site_that_does_not_answer_either_is_paused_at_once() -> None:
    used = breaker()
    used.ended(GITLAB, lost(0), now=1)
    (pause,) = used.asked(GITLAB, "refused", now=1)
    assert pause == Pause(GITLAB, "status 502; asked: refused", 10)
    assert used.next_due() == 11
    assert used.was_down(GITLAB, begun=0)


def test_a_site_that_answers_is_paused_when_several_episodes_in_a_row_end_on_it() -> None:
    used, told = breaker(), []
    for now in (1, 2, 3):
        used.ended(GITLAB, lost(now - 1), now=now)
        told.append(used.asked(GITLAB, "", now=now))
    assert told[:2] == [[], []]
    assert told[2] == [Pause(GITLAB, "3 episodes in a row ended on it, last: status 502", 10)]


def test_a_site_that_answers_is_no_outage_however_often_episodes_end_on_it() -> None:
    used = breaker()
    for now in (1, 2, 3):
        used.ended(GITLAB, lost(now - 1), now=now)
        used.asked(GITLAB, "", now=now)
    assert used.down_for(GITLAB, now=4) == 1
    assert not used.was_down(GITLAB, begun=0)


def test_episodes_that_failed_for_reasons_unknown_have_it_asked_and_do_not_count() -> None:
    used = breaker()
    for now in range(5):
        assert used.ended(GITLAB, Report(now, ended_by="no log-in form", blamed=False), now=now) == [Ask(GITLAB)]
        assert used.asked(GITLAB, "", now=now) == []
    used.ended(GITLAB, Report(5, ended_by="no log-in form", blamed=False), now=5)
    assert isinstance(used.asked(GITLAB, "status 503", now=5)[0], Pause)


def test_an_episode_that_goes_well_in_between_begins_the_count_anew() -> None:
    used = breaker()
    for now in range(9):
        used.ended(GITLAB, lost(now) if now % 2 else good(now), now=now)
        assert used.asked(GITLAB, "", now=now) == []
    assert not used.was_down(GITLAB, begun=0)


def test_episodes_that_fail_while_it_is_asked_count_and_have_it_asked_once() -> None:
    used = breaker()
    used.ended(GITLAB, lost(0), now=1)
    assert [used.ended(GITLAB, lost(0), now=1) for _ in range(2)] == [[], []]
    assert isinstance(used.asked(GITLAB, "", now=1)[0], Pause)


def test_it_is_asked_after_pauses_that_double_up_to_a_limit() -> None:
    used, pauses = opened(breaker()), []
    for _ in range(4):
        due = used.next_due()
        assert due is not None
        assert used.due(now=due - 0.1) == []
        assert used.due(now=due) == [Ask(GITLAB)]
        assert used.due(now=due) == [], "one check at a time"
        (pause,) = used.asked(GITLAB, "refused", now=due)
        pauses.append(pause)
    assert pauses == [Pause(GITLAB, "refused", pause_s) for pause_s in (20, 40, 40, 40)]


def test_one_episode_tries_a_site_that_is_back_and_then_few_use_it_at_once() -> None:
    used = half_open(breaker(), running=4)
    assert used.was_down(GITLAB, begun=12), "until it was tried"
    (closed,) = used.ended(GITLAB, good(12), now=13)
    assert closed == Admit(GITLAB, 2, "it was down for 12 s")
    assert not used.was_down(GITLAB, begun=14)
    widths = [action.width for now in (14, 15, 16) for action in used.ended(GITLAB, good(now), now=now)]  # type: ignore[union-attr]
    assert widths == [3, 4, None]


def test_where_one_worker_used_it_there_is_nothing_to_limit() -> None:
    assert half_open(breaker()).ended(GITLAB, good(12), now=13) == [Admit(GITLAB, None, "it was down for 12 s")]


def test_a_try_that_fails_pauses_it_again_for_longer() -> None:
    used = half_open(breaker())
    assert used.ended(GITLAB, lost(12), now=13) == [Pause(GITLAB, LOST, 20)]
    assert used.next_due() == 33


def test_a_try_that_has_not_seen_the_site_says_nothing() -> None:
    used = half_open(breaker())
    assert used.ended(GITLAB, Report(12), now=13) == []
    assert used.ended(GITLAB, good(13), now=14) != []


@pytest.mark.parametrize("late", [lost(10), good(10)], ids=["failed", "well"])
def test_an_episode_from_before_the_outage_says_nothing_of_the_site_now(late: Report) -> None:
    assert half_open(breaker()).ended(GITLAB, late, now=12) == []


def test_a_site_that_stays_down_is_reset_and_asked_at_once() -> None:
    used = opened(breaker(may_reset=True))
    actions = answers(used, ["refused"] * 3)
    assert actions[2] == [Reset(GITLAB)]
    assert used.next_due() is None, "it is not asked while it is reset"
    used.was_reset(GITLAB, now=500)
    assert used.due(now=500) == [Ask(GITLAB)]
    assert used.asked(GITLAB, "starting", now=501) == [Pause(GITLAB, "starting", 10)], "pauses are short again"
    assert not any(isinstance(action, Reset) for told in answers(used, ["starting"] * 9) for action in told), "one only"


def test_a_site_that_nothing_resets_is_only_asked() -> None:
    actions = answers(opened(breaker()), ["refused"] * 9)
    assert {type(action) for told in actions for action in told} == {Pause}


def answers(breaker: Breaker, problems: Sequence[str]) -> list[list[Action]]:
    """What follows when it is asked each time that it is due."""
    told = []
    for problem in problems:
        due = breaker.next_due()
        assert due is not None
        breaker.due(now=due)
        told.append(breaker.asked(GITLAB, problem, now=due))
    return told


def test_a_site_that_is_reset_with_another_one_is_paused_until_it_was_tried() -> None:
    used = breaker()
    used.ended(GITLAB, good(0), now=1)
    assert used.taken(GITLAB, "reset with shopping", now=2) == [Pause(GITLAB, "reset with shopping", 10)]
    assert used.next_due() is None
    used.was_reset(GITLAB, now=50)
    assert used.due(now=50) == [Ask(GITLAB)]
    assert used.was_down(GITLAB, begun=1)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ((*BAD, *GOOD), "4 of its latest 8 pages failed"),
        ((Seen(failed=False, latency_s=16.0),) * 8, "its latest 8 pages took 16.0 s (median)"),
    ],
    ids=["errors", "slow"],
)
def test_half_as_many_episodes_use_a_site_whose_pages_fail_or_are_slow(seen: Sequence[Seen], why: str) -> None:
    used = breaker()
    assert used.ended(GITLAB, Report(0, seen, running=8), now=1) == [Admit(GITLAB, 4, why)]
    assert used.ended(GITLAB, Report(0, seen, running=4), now=2) == [Admit(GITLAB, 2, why)]
    assert used.ended(GITLAB, good(0), now=3) == [Admit(GITLAB, 3, "an episode went well")]
    assert not used.was_down(GITLAB, begun=0)


@pytest.mark.parametrize("seen", [(*BAD, *GOOD)[1:], (BAD[0], *GOOD, *GOOD), (Seen(failed=False, latency_s=14.0),) * 8])
def test_few_errors_few_pages_and_pages_that_are_just_in_time_change_nothing(seen: Sequence[Seen]) -> None:
    assert breaker().ended(GITLAB, Report(0, seen, running=8), now=1) == []


def test_a_single_episode_is_never_too_many() -> None:
    assert breaker().ended(GITLAB, Report(0, BAD * 2, running=1), now=1) == []


def test_circuits_do_not_know_of_each_other() -> None:
    used, other = opened(breaker()), Circuit("one", "gitlab")
    assert not used.was_down(other, begun=0)
    assert used.ended(other, good(2), now=3) == []
    assert used.down_for(other, now=50) is None
    assert used.down_for(GITLAB, now=50) == 49


class Walk:
    """Sites that go away and come back at random, and workers that use them as the breaker allows."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.circuits = [Circuit(f"i{number}", site) for number in range(2) for site in ("gitlab", "shopping")]
        self.breaker = Breaker(
            OutageSettings(failures=2, pause_s=5, longest_pause_s=30, reset_after=self.random.choice([0, 2])),
            may_reset=lambda circuit: circuit.instance == "i0",
        )
        self.up = dict.fromkeys(self.circuits, True)
        self.width: dict[Circuit, float] = dict.fromkeys(self.circuits, float("inf"))
        self.running: dict[Circuit, int] = defaultdict(int)
        self.owed: set[Circuit] = set()
        self.events: list[tuple[float, int, str, Circuit, float]] = []
        self.order = itertools.count()

    def later(self, at: float, what: str, circuit: Circuit, begun: float = 0.0) -> None:
        heapq.heappush(self.events, (at, next(self.order), what, circuit, begun))

    def do(self, actions: Sequence[Action], now: float) -> None:
        for action in actions:
            circuit = action.circuit
            match action:
                case Ask():
                    self.owed.add(circuit)
                    self.later(now + self.random.uniform(0.1, 4), "answer", circuit)
                case Reset():
                    self.owed.add(circuit)
                    self.later(now + self.random.uniform(1, 60), "reset", circuit)
                case Pause():
                    self.width[circuit] = 0
                case Admit(width=width):
                    assert width is None or width >= 1
                    self.width[circuit] = float("inf") if width is None else width

    def happens(self, what: str, circuit: Circuit, begun: float, now: float) -> None:
        match what:
            case "answer":
                self.owed.remove(circuit)
                self.do(self.breaker.asked(circuit, "" if self.up[circuit] else "refused", now=now), now)
            case "reset":
                self.owed.remove(circuit)
                self.breaker.was_reset(circuit, now=now)
            case "goes":
                self.up[circuit] = False
            case "comes":
                self.up[circuit] = True
            case "ends":
                failed = not self.up[circuit]
                seen = [Seen(failed or self.random.random() < 0.1, self.random.expovariate(0.3)) for _ in range(4)]
                report = Report(begun, seen, LOST if failed else "", self.running[circuit])
                self.running[circuit] -= 1
                self.do(self.breaker.ended(circuit, report, now=now), now)

    def run(self, until: float) -> None:
        for circuit in self.circuits:
            for at in sorted(self.random.uniform(0, 0.6 * until) for _ in range(4)):
                self.later(at, "goes", circuit)
                self.later(at + self.random.expovariate(1 / 60), "comes", circuit)
            self.later(0.7 * until, "comes", circuit)
        now = 0.0
        while now < until:
            self.do(self.breaker.due(now=now), now)
            self.begin_episodes(now)
            due = self.breaker.next_due()
            ahead = [each for each in (due, self.events[0][0] if self.events else None) if each is not None]
            now = min(ahead)
            while self.events and self.events[0][0] <= now:
                _, _, what, circuit, begun = heapq.heappop(self.events)
                self.happens(what, circuit, begun, now)
            self.require_alive()

    def begin_episodes(self, now: float) -> None:
        for circuit in self.circuits:
            while self.running[circuit] < min(4, self.width[circuit]):
                self.running[circuit] += 1
                self.later(now + self.random.uniform(1, 30), "ends", circuit, now)

    def require_alive(self) -> None:
        """Each site is in use or may be used, or something is under way that will change that."""
        for circuit in self.circuits:
            waits = self.breaker.next_due() is not None or circuit in self.owed
            assert self.width[circuit] > 0 or waits, circuit


@pytest.mark.parametrize("seed", range(15))
def test_whatever_sites_do_none_is_stuck_and_each_is_back_when_it_stays_up(seed: int) -> None:
    walk = Walk(seed)
    walk.run(until=2000)
    for circuit in walk.circuits:
        assert walk.breaker.down_for(circuit, now=2000) is None, circuit
        assert walk.running[circuit] >= 1, circuit

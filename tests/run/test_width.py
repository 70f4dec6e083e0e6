"""How many episodes are under way: `--workers auto` on machines and models that are simulated, second by second."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from webarena_runner.interfaces.execution import Load
from webarena_runner.running.width import Width


@dataclass
class Simulated:
    """A step takes `model_s` for the model, of which it answers `slots` at a time, and `core_s` of one of the cores."""

    model_s: float = 1.0
    core_s: float = 0.2
    cores: int = 2
    slots: int = 1000
    taken: float = 0.0

    def rate(self, workers: int) -> float:
        """Steps a second of so many workers, after a network of queues without chance."""
        return min(workers / (self.model_s + self.core_s), self.cores / self.core_s, self.slots / self.model_s)

    def load(self, workers: int) -> Load:
        rate = self.rate(workers)
        asking = rate * self.model_s
        is_full = rate * self.core_s >= 0.95 * self.cores
        in_line = max(0.0, workers - asking - self.cores) if is_full else 0.0
        before, self.taken = int(self.taken), self.taken + rate
        return Load(seconds=1.0, steps=int(self.taken) - before, starved=0.9 if is_full else 0.05, in_line=in_line)


def play(width: Width, look: Callable[[int], Load], seconds: int = 600, overload_s: int = -1) -> list[int]:
    """The number in force after each second; episodes are begun wherever there is room, and none ends but by that.

    In second `overload_s` one ends in an overload.
    """
    numbers, begun = [], 0
    under_way: list[int] = []
    for second in range(seconds):
        while width.has_room:
            width.begins((begun, 0))
            under_way.append(begun)
            begun += 1
        if second == overload_s:
            assert "too busy" in width.ends((under_way.pop(0), 0), overloaded=True)
        width.measured(look(len(under_way)))
        assert width.now is not None
        while len(under_way) > width.now:
            width.ends((under_way.pop(0), 0), overloaded=False)
        numbers.append(width.now)
    return numbers


@pytest.mark.parametrize("model_s", [0.2, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("cores", [2, 8])
def test_it_comes_near_to_what_the_best_number_plays(model_s: float, cores: int) -> None:
    machine = Simulated(model_s=model_s, cores=cores)
    numbers = play(Width(4 * cores, 32 * cores), machine.load)
    best = max(machine.rate(workers) for workers in range(1, 32 * cores + 1))
    reached = sum(map(machine.rate, numbers[300:])) / len(numbers[300:])
    assert reached >= 0.9 * best
    assert max(numbers) <= 32 * cores


def test_it_does_not_ask_a_model_for_more_than_it_answers_at_a_time() -> None:
    machine = Simulated(slots=4)
    numbers = play(Width(8, 64), machine.load)
    assert max(numbers) <= 16, "it tried twice as many, which brought nothing"
    assert max(numbers[60:]) == 9, "and later one more, now and then"
    assert sum(number != 8 for number in numbers[60:]) < len(numbers) / 5


def test_a_number_that_was_given_stays_whatever_is_measured() -> None:
    assert set(play(Width(6), lambda workers: Load(1.0, 100, starved=1.0, late_s=2.0, room=-9, refused=5))) == {6}


def test_a_model_that_is_asked_too_much_halves_it_once_and_not_for_what_was_asked_before() -> None:
    width = Width(32, 64)
    for number in range(32):
        width.begins((number, 0))
    said = [width.measured(Load(1.0, 20, refused=9)) for _ in range(3)]
    assert [bool(text) for text in said] == [True, False, False]
    assert width.now == 16
    assert "asked too much" in said[0]


def test_memory_that_runs_out_makes_it_smaller_and_keeps_it_from_growing() -> None:
    machine = Simulated(model_s=10.0)

    def look(workers: int) -> Load:
        return replace(machine.load(workers), room=12 - workers)

    numbers = play(Width(8, 64), look)
    assert max(numbers) == 12
    assert play(Width(16, 64), look, seconds=5)[-1] <= 12


def test_a_late_event_loop_makes_it_smaller_down_to_half_of_the_start() -> None:
    numbers = play(Width(8, 64), lambda workers: Load(1.0, workers, late_s=1.0))
    assert numbers[-1] == 4


def test_it_says_nothing_of_more_workers_that_not_all_had_something_to_play() -> None:
    width = Width(8, 64)
    for number in range(3):
        width.begins((number, 0))
    assert not any(width.measured(Load(1.0, 50)) for _ in range(20))


def test_an_overload_halves_it_and_what_is_measured_lets_it_grow_again() -> None:
    width = Width(8, 64)
    numbers = play(width, Simulated(model_s=5.0).load, overload_s=2)
    assert numbers[:3] == [8, 8, 4]
    assert numbers[-1] > 8
    assert width.used[0] == 4


def test_an_executor_that_measures_nothing_plays_the_number_it_began_with() -> None:
    width = Width(4, 64)
    for number in range(40):
        width.begins((number, 0))
        width.ends((number, 0), overloaded=number == 3)
    assert (width.now, width.used) == (4, (1, 4))

"""How requests become batches, without an engine: what generates is a function of the test."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError

import pytest

from webarena_runner.errors import ModelError
from webarena_runner.models.transformers.batch import Batcher, Generated, OutOfMemory, Request

LIMIT_S = 10
Generate = Callable[[Sequence[Request]], None]
Start = Callable[..., Batcher]


def echo(batch: Sequence[Request]) -> None:
    for request in batch:
        request.answer(Generated(f"reply to {list(request.ids)}", (7,), "stop"))


def request(number: int) -> Request:
    return Request(ids=[number], max_new_tokens=8)


def break_down(batch: Sequence[Request]) -> None:
    raise ModelError("broken")


class Gate:
    """Holds up what generates until the test opens it, and remembers the batches."""

    def __init__(self, then: Generate = echo) -> None:
        self.then = then
        self.batches: list[list[int]] = []
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, batch: Sequence[Request]) -> None:
        self.batches.append([request.ids[0] for request in batch])
        self.entered.release()
        assert self.opened.wait(LIMIT_S)
        self.then(batch)


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Batcher] = []

    def make(generate: Generate, *, max_batch_size: int = 4, wait_s: float = 0.0) -> Batcher:
        started.append(Batcher(generate, subject="model 'tiny'", max_batch_size=max_batch_size, wait_s=wait_s))
        return started[-1]

    yield make
    for batcher in started:
        batcher.close()


def behind_a_closed_gate(start: Start, gate: Gate, numbers: Sequence[int]) -> tuple[Batcher, list[Request]]:
    """A batcher that is busy with request 0 while these wait."""
    batcher = start(gate)
    batcher.submit(request(0))
    assert gate.entered.acquire(timeout=LIMIT_S)
    waiting = [request(number) for number in numbers]
    for each in waiting:
        batcher.submit(each)
    return batcher, waiting


def test_what_waits_while_a_batch_is_under_way_is_the_next_batch(start: Start) -> None:
    gate = Gate()
    _, waiting = behind_a_closed_gate(start, gate, range(1, 7))
    gate.opened.set()
    replies = [each.reply.result(LIMIT_S).text for each in waiting]
    assert replies == [f"reply to [{number}]" for number in range(1, 7)]
    assert gate.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_a_batch_waits_for_requests_that_come_soon_after_the_first(start: Start) -> None:
    gate = Gate()
    gate.opened.set()
    batcher = start(gate, max_batch_size=3, wait_s=LIMIT_S)
    requests = [request(number) for number in range(3)]
    for each in requests:
        batcher.submit(each)
    assert requests[2].reply.result(LIMIT_S).text == "reply to [2]"
    assert gate.batches == [[0, 1, 2]]


def test_a_cancelled_request_that_waits_is_never_generated(start: Start) -> None:
    gate = Gate()
    _, waiting = behind_a_closed_gate(start, gate, (1, 2))
    assert waiting[0].reply.cancel()
    gate.opened.set()
    assert waiting[1].reply.result(LIMIT_S).text == "reply to [2]"
    assert gate.batches == [[0], [2]]
    with pytest.raises(CancelledError):
        waiting[0].reply.result(0)


def test_a_batch_too_large_for_the_memory_goes_on_in_halves(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    def at_most_two(batch: Sequence[Request]) -> None:
        if len(batch) > 2:
            raise OutOfMemory("tried to allocate 2 GiB")
        echo(batch)

    gate = Gate(at_most_two)
    with caplog.at_level(logging.WARNING):
        batcher, waiting = behind_a_closed_gate(start, gate, range(1, 5))
        gate.opened.set()
        assert [each.reply.result(LIMIT_S).text for each in waiting] == [f"reply to [{n}]" for n in range(1, 5)]
    assert gate.batches == [[0], [1, 2, 3, 4], [1, 2], [3, 4]]
    assert "no memory for a batch of 4; batches have at most 2 from now on" in caplog.text


def test_a_prompt_for_which_there_is_no_memory_at_all_is_a_model_error(start: Start) -> None:
    def none_at_all(batch: Sequence[Request]) -> None:
        raise OutOfMemory("tried to allocate 2 GiB")

    alone = request(7)
    start(none_at_all).submit(alone)
    with pytest.raises(ModelError, match="no memory for a prompt of 1 tokens: tried to allocate 2 GiB"):
        alone.reply.result(LIMIT_S)


def test_requests_answered_before_memory_ran_out_are_not_generated_again(start: Start) -> None:
    def first_then_none(batch: Sequence[Request]) -> None:
        echo(batch[:1])
        if len(batch) > 1:
            raise OutOfMemory("tried to allocate 2 GiB")

    gate = Gate(first_then_none)
    _, waiting = behind_a_closed_gate(start, gate, (1, 2, 3))
    gate.opened.set()
    assert [each.reply.result(LIMIT_S).text for each in waiting] == [f"reply to [{n}]" for n in (1, 2, 3)]
    assert gate.batches == [[0], [1, 2, 3], [2], [3]]


def test_an_error_reaches_every_request_of_its_batch_and_the_thread_goes_on(start: Start) -> None:
    broken = Gate(break_down)
    batcher, waiting = behind_a_closed_gate(start, broken, (1, 2))
    broken.opened.set()
    for each in waiting:
        with pytest.raises(ModelError, match="broken"):
            each.reply.result(LIMIT_S)
    broken.then = echo
    later = request(9)
    batcher.submit(later)
    assert later.reply.result(LIMIT_S).text == "reply to [9]"


def accepts_requests(batcher: Batcher) -> bool:
    try:
        batcher.submit(request(2))
    except ModelError:
        return False
    return True


def test_closing_fails_what_waits_and_what_comes_later(start: Start) -> None:
    gate = Gate()
    batcher, waiting = behind_a_closed_gate(start, gate, (1,))
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while accepts_requests(batcher):
        closing.join(0.001)
    gate.opened.set()
    closing.join(LIMIT_S)
    with pytest.raises(ModelError, match="was closed before it answered"):
        waiting[0].reply.result(LIMIT_S)

"""Requests of all episodes, gathered into batches for one thread that generates."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from webarena_runner.errors import ModelError

logger = logging.getLogger(__name__)


class OutOfMemory(Exception):
    """The batch did not fit the device; half of it may."""


@dataclass(frozen=True)
class Generated:
    """A finished reply; `token_ids` are all that were generated, the one that ended it included.

    `logprobs` are theirs, where the generator keeps them.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: str
    logprobs: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """One prompt as token ids. `images` are tensors for the model's forward pass, by argument name.

    `grammar` is one that was compiled for the model's tokens; None: the reply may be anything.

    Cancelling `reply`, or failing it, takes the request out of the queue or ends its row of a batch under way.
    """

    ids: Sequence[int]
    max_new_tokens: int
    images: dict[str, Any] = field(default_factory=dict)
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stop_ids: frozenset[int] = frozenset()
    grammar: Any = None
    reply: Future[Generated] = field(default_factory=Future)

    def answer(self, generated: Generated) -> None:
        with suppress(InvalidStateError):  # cancelled, or failed by a closing, in this moment
            self.reply.set_result(generated)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.reply.set_exception(error)


def closed(subject: str) -> ModelError:
    return ModelError(f"{subject}: the model was closed before it answered")


class Batcher:
    """`generate` answers the requests that it is given, in the batcher's own thread.

    A batch is what waits when the thread is free: the first request, and what comes within `wait_s` of it. Without
    memory for a batch, it and all later ones are at most half as large.
    """

    def __init__(
        self, generate: Callable[[Sequence[Request]], None], *, subject: str, max_batch_size: int, wait_s: float
    ) -> None:
        self._generate = generate
        self._subject = subject
        self._max_batch_size = max_batch_size
        self._wait_s = wait_s
        self._waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="transformers", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        if self._closed:
            raise closed(self._subject)
        self._waiting.put(request)

    def close(self) -> None:
        """Waits for the batch under way, whose replies should be done with before, and fails what still waits."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join()
        while not self._waiting.empty():
            request = self._waiting.get()
            if request is not None:
                request.fail(closed(self._subject))

    def _work(self) -> None:
        while not self._closed:
            batch = self._gather()
            if batch:
                self._answer(batch)

    def _gather(self) -> list[Request]:
        batch: list[Request] = []
        until_s: float | None = None
        while len(batch) < self._max_batch_size:
            try:
                # With the time over, what already waits is still taken.
                timeout_s = None if until_s is None else max(0.0, until_s - monotonic())
                request = self._waiting.get(timeout=timeout_s)
            except queue.Empty:
                break
            if request is None:
                break
            if not request.reply.done():
                batch.append(request)
                until_s = until_s or monotonic() + self._wait_s
        return batch

    def _answer(self, batch: Sequence[Request]) -> None:
        try:
            self._generate(batch)
        except OutOfMemory as error:
            self._answer_halves([request for request in batch if not request.reply.done()], error)
        except BaseException as error:  # noqa: BLE001  it belongs to the callers, who wait in another thread
            for request in batch:
                request.fail(error)

    def _answer_halves(self, batch: Sequence[Request], error: OutOfMemory) -> None:
        if len(batch) == 1:
            batch[0].fail(ModelError(f"{self._subject}: no memory for a prompt of {len(batch[0].ids)} tokens: {error}"))
            return
        middle = len(batch) // 2
        if middle:
            self._max_batch_size = min(self._max_batch_size, middle)
            message = "%s: no memory for a batch of %d; batches have at most %d from now on (option max_batch_size)"
            logger.warning(message, self._subject, len(batch), self._max_batch_size)
            self._answer(batch[:middle])
            self._answer(batch[middle:])

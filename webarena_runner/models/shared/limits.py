"""Any backend within what its account allows and the run may cost: requests, tokens, dollars."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from webarena_runner.errors import ModelExhausted, NoAnswer
from webarena_runner.interfaces import (
    ModelBackend,
    ObservationUnit,
    RequestTag,
    Wish,
    form_fault,
    generate_in_form,
    refusals_of,
    tools_fault,
)
from webarena_runner.settings.records import Prices, RateLimits
from webarena_runner.types import Completion, Message, Sampling

MINUTE_S = 60.0


@dataclass
class Spend:
    """What a run has cost, its earlier starts included, shared by its models; `limit_usd` None: no limit."""

    limit_usd: float | None = None
    spent_usd: float = 0.0

    def require_left(self) -> None:
        """Raises ModelExhausted when nothing is left to spend."""
        if self.limit_usd is not None and self.spent_usd >= self.limit_usd:
            raise ModelExhausted(
                f"the run has cost ${self.spent_usd:.4f}, and --max-cost allows ${self.limit_usd:g}; "
                "to resume it, give a higher --max-cost"
            )


class Limited:
    """Waits for a free slot and for the rates before each request; prices the reply.

    A request that is under way when the limit of `spend` is reached goes on, so that N concurrent requests may exceed
    it by the cost of N.
    """

    def __init__(
        self, backend: ModelBackend, *, prices: Prices | None = None, rates: RateLimits | None = None, spend: Spend
    ) -> None:
        rates = rates or RateLimits()
        self._backend = backend
        self._prices = prices
        self._spend = spend
        self._slots: AbstractAsyncContextManager[object] = (
            asyncio.Semaphore(rates.max_concurrency) if rates.max_concurrency else nullcontext()
        )
        self._requests = RequestRate(rates.requests_per_minute) if rates.requests_per_minute else None
        self._tokens = TokenRate(rates.tokens_per_minute) if rates.tokens_per_minute else None

    @property
    def context_window(self) -> int | None:
        return self._backend.context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._backend.estimates_tokens

    @property
    def observation_unit(self) -> ObservationUnit:
        return self._backend.observation_unit

    @property
    def refusals(self) -> int:
        return refusals_of(self._backend)

    @property
    def facts(self) -> Mapping[str, str]:
        return getattr(self._backend, "facts", {})

    async def check(self) -> None:
        await self._backend.check()

    def form_fault(self) -> str:
        return form_fault(self._backend)

    def tools_fault(self) -> str:
        return tools_fault(self._backend)

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        """Raises ModelExhausted when the run may cost no more."""
        self._spend.require_left()
        async with self._slots:
            if self._requests:
                await self._requests.wait()
            reserved = await self._reserve(self._tokens, messages, sampling) if self._tokens else 0
            # The requests before it in the queue may have used up the rest.
            self._spend.require_left()
            try:
                completion = await generate_in_form(self._backend, messages, sampling, tag=tag, form=form)
            except NoAnswer as error:
                error.completion = error.completion and self._counted(error.completion, reserved)
                raise
        return self._counted(completion, reserved)

    async def count_tokens(self, text: str) -> int:
        return await self._backend.count_tokens(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._backend.truncate(text, max_tokens)

    async def aclose(self) -> None:
        await self._backend.aclose()

    def _counted(self, completion: Completion, reserved: int) -> Completion:
        """With its price; what it used goes on the rates and on what the run has cost."""
        if self._requests:
            self._requests.add(completion.retries)
        if self._tokens:
            self._tokens.correct(completion.prompt_tokens + completion.completion_tokens, reserved)
        if self._prices is None:
            return completion
        cost_usd = price(completion, self._prices)
        self._spend.spent_usd += cost_usd
        return completion.model_copy(update={"cost_usd": cost_usd})

    async def _reserve(self, rate: "TokenRate", messages: Sequence[Message], sampling: Sampling) -> int:
        prompt = await self._backend.count_tokens("\n".join(message.content for message in messages))
        return await rate.reserve(prompt + (sampling.max_tokens or 0))


class RequestRate:
    """Requests evenly spaced; with a first burst, a minute would see up to twice its number."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = AsyncLimiter(1, MINUTE_S / per_minute)
        self._owed = 0

    async def wait(self) -> None:
        """Until the next request may start."""
        owed, self._owed = self._owed, 0
        for _ in range(owed + 1):
            await self._limiter.acquire()

    def add(self, retries: int) -> None:
        """Requests that were made without waiting here; the next one waits for them too."""
        self._owed += retries


class TokenRate:
    """A bucket that holds one minute's tokens, as providers' own do.

    Nothing can be given back to the limiter: what an estimate was wrong by goes on the next reservation.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._limiter = AsyncLimiter(per_minute, MINUTE_S)
        self._owed = 0

    async def reserve(self, tokens: int) -> int:
        """Waits until that many may be used, or a minute's worth if it is fewer; returns how many it waited for."""
        reserved = min(tokens, self._per_minute)
        self._owed += reserved
        while self._owed > 0:
            amount = min(self._owed, self._per_minute)
            self._owed -= amount
            await self._limiter.acquire(amount)
        return reserved

    def correct(self, used: int, reserved: int) -> None:
        """`used` 0: the server does not count, and the estimate stands."""
        if used:
            self._owed += used - reserved


def price(completion: Completion, prices: Prices) -> float:
    """US dollars of one request."""
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    cached = min(completion.cached_tokens, completion.prompt_tokens)
    fresh = completion.prompt_tokens - cached
    return (fresh * prices.input + cached * cached_price + completion.completion_tokens * prices.output) / 1e6

"""What an account allows and a run may cost, held around any backend."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import HANG, Reply, Server, completion, error
from webarena_runner.errors import ModelError, ModelExhausted
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.shared.limits import Limited, Spend, price
from webarena_runner.settings.records import Prices, RateLimits
from webarena_runner.types import Completion, Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
# 30 prompt tokens and 5 of the reply, as the fake server counts every request: 0.0004 dollars.
PRICES = Prices(input=10, output=20)
COST_USD = 0.0004
Limit = Callable[..., Limited]


@pytest.fixture
def limit(connect: Connect) -> Limit:
    def make(*, spend: Spend | None = None, prices: Prices | None = None, **rates: Any) -> Limited:
        return Limited(connect(), prices=prices, rates=RateLimits(**rates), spend=spend or Spend())

    return make


async def ask(backend: Limited, text: str = "PAGE", *, max_tokens: int | None = None) -> Completion:
    return await backend.generate([Message(role="user", content=text)], Sampling(max_tokens=max_tokens), tag=TAG)


async def ask_often(backend: Limited, times: int) -> list[Completion]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(backend, str(number))) for number in range(times)]
    return [task.result() for task in tasks]


async def test_no_more_requests_than_allowed_are_under_way(server: Server, limit: Limit) -> None:
    server.replies.extend([Reply(200, completion("x"), delay_s=0.01)] * 20)
    await ask_often(limit(max_concurrency=3), 20)
    assert server.most_in_flight == 3


async def test_a_cancelled_request_frees_its_place(server: Server, limit: Limit) -> None:
    backend = limit(max_concurrency=1)
    server.replies.append(HANG)
    hanging = asyncio.create_task(ask(backend))
    await server.until(lambda: server.in_flight == 1)
    hanging.cancel()
    assert (await ask(backend)).text == "echo: PAGE"


async def test_requests_are_spread_over_the_minute(server: Server, limit: Limit) -> None:
    backend = limit(requests_per_minute=3000)
    started_s = monotonic()
    found = await ask_often(backend, 11)
    assert monotonic() - started_s >= 10 * 60 / 3000
    assert sorted(each.text for each in found) == sorted(f"echo: {number}" for number in range(11))


async def test_failed_attempts_count_as_requests(server: Server, limit: Limit) -> None:
    backend = limit(requests_per_minute=600)
    server.replies.extend([error(429, "slow down")] * 2)
    started_s = monotonic()
    await ask(backend)
    await ask(backend)
    assert monotonic() - started_s >= 3 * 60 / 600


async def test_tokens_are_reserved_with_the_whole_reply(server: Server, limit: Limit) -> None:
    backend = limit(tokens_per_minute=60_000)
    server.replies.append(HANG)
    started_s = monotonic()
    hanging = asyncio.create_task(ask(backend, max_tokens=60_000))
    await server.until(lambda: server.in_flight == 1)
    await ask(backend, "p" * 600)  # 200 tokens by the estimate
    assert monotonic() - started_s >= 0.19
    hanging.cancel()


async def test_an_estimate_that_was_too_high_is_made_good_by_the_true_count(server: Server, limit: Limit) -> None:
    backend = limit(tokens_per_minute=60_000)
    async with asyncio.timeout(20):  # with estimates alone, each would take a minute
        for _ in range(3):
            await ask(backend, max_tokens=60_000)


async def test_an_estimate_that_was_too_low_is_waited_for(server: Server, limit: Limit) -> None:
    backend = limit(tokens_per_minute=60_000)
    usage = {"prompt_tokens": 60_000, "completion_tokens": 300}
    server.replies.append(Reply(200, completion("x", usage=usage)))
    await ask(backend)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ask(backend)
    assert len(server.chats) == 1


async def test_a_request_larger_than_a_minute_goes_through(server: Server, limit: Limit) -> None:
    assert (await ask(limit(tokens_per_minute=10), max_tokens=384)).text == "echo: PAGE"


@pytest.mark.parametrize(
    ("cached_input", "cost_usd"),
    [(None, (1000 * 3 + 100 * 15) / 1e6), (0.3, (400 * 3 + 600 * 0.3 + 100 * 15) / 1e6)],
)
def test_cached_prompt_tokens_have_a_price_of_their_own(cached_input: float | None, cost_usd: float) -> None:
    used = Completion(text="", prompt_tokens=1000, cached_tokens=600, completion_tokens=100)
    assert price(used, Prices(input=3, output=15, cached_input=cached_input)) == pytest.approx(cost_usd)


async def test_a_reply_has_its_cost_when_there_are_prices(server: Server, limit: Limit) -> None:
    spend = Spend()
    assert (await ask(limit(prices=PRICES, spend=spend))).cost_usd == pytest.approx(COST_USD)
    assert (await ask(limit(spend=spend))).cost_usd is None
    assert spend.spent_usd == pytest.approx(COST_USD)


async def test_nothing_is_asked_when_the_run_may_cost_no_more(server: Server, limit: Limit) -> None:
    backend = limit(prices=PRICES, spend=Spend(limit_usd=0.001, spent_usd=0.0005))
    await ask(backend)
    await ask(backend)
    with pytest.raises(ModelExhausted, match=r"has cost \$0\.0013, and --max-cost allows \$0\.001") as caught:
        await ask(backend)
    assert caught.value.stops_run
    assert len(server.chats) == 2


async def test_requests_that_waited_while_the_rest_was_spent_are_not_made(server: Server, limit: Limit) -> None:
    backend = limit(prices=PRICES, spend=Spend(limit_usd=0.0001), max_concurrency=1)
    found = await asyncio.gather(*(ask(backend, str(number)) for number in range(4)), return_exceptions=True)
    assert [type(each) for each in found] == [Completion, *[ModelExhausted] * 3]
    assert len(server.chats) == 1


async def test_all_models_of_a_run_spend_from_one_purse(server: Server, limit: Limit) -> None:
    spend = Spend(limit_usd=0.0001)
    await ask(limit(prices=PRICES, spend=spend))
    with pytest.raises(ModelExhausted):
        await ask(limit(prices=PRICES, spend=spend))


async def test_a_request_that_fails_costs_nothing(server: Server, limit: Limit) -> None:
    spend = Spend()
    server.replies.extend([error(500, "down")] * 4)
    with pytest.raises(ModelError):
        await ask(limit(prices=PRICES, spend=spend))
    assert spend.spent_usd == 0

"""The behaviour that every model backend has. The names of the tests are the rows of the table."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.models.contract.backends import ENGINES, FAKES, HERE, engine, fake
from tests.models.contract.subject import Fake, ask, opened
from tests.models.fake_openai import DROP, HANG, Reply, Server, running
from tests.models.forms import FORM, drawn, require_actions
from tests.models.vllm_live import WARNINGS
from webarena_runner.agents.constrained import require_forms
from webarena_runner.errors import ConfigError, ModelBlocked, ModelError, ModelExhausted, PromptTooLong
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.shared.limits import Limited, Spend
from webarena_runner.settings.records import ActionSettings, RateLimits

# One loop for the module: a real engine is started once and belongs to the loop that it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLS = 16
LIMIT_S = 120
PAGES = [f"page {number}: [{number * 7}] link 'Item {number}'" for number in range(CALLS)]
FAULTS = ("429", "429-retry-after", "500", "503", "truncated", "dropped")
MARKS = [pytest.mark.models, *(pytest.mark.filterwarnings(warning) for warning in WARNINGS)]
ALL = [*FAKES, *HERE, *(pytest.param(name, marks=MARKS) for name in ENGINES)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=ALL)
async def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ModelBackend]:
    """One for all tests that break nothing."""
    if request.param in HERE:
        async with opened(engine(request.param, tmp_path_factory.mktemp("model"))) as started:
            yield started
    elif request.param in ENGINES:
        async with opened(engine(request.param, request.getfixturevalue("tiny_llama"))) as started:
            yield started
    else:
        subject = fake(request.param)
        async with running(subject.make_server()) as server, subject.connect(server) as connected:
            yield connected


@pytest.fixture(params=FAKES)
def subject(request: pytest.FixtureRequest) -> Fake:
    return fake(request.param)


@pytest_asyncio.fixture(loop_scope="module")
async def server(subject: Fake) -> AsyncIterator[Server]:
    async with running(subject.make_server()) as started:
        yield started


def fault_of(subject: Fake, name: str) -> Reply:
    match name:
        case "429":
            return subject.error(429, "slow down")
        case "429-retry-after":
            return subject.error(429, "slow down", headers={"Retry-After": "0.02"})
        case "500" | "503":
            return subject.error(int(name), "the server had an error")
        case "truncated":
            return Reply(200, subject.whole, cut=True)
    return DROP


async def test_concurrent_calls_each_get_their_own_reply(backend: ModelBackend) -> None:
    alone = [(await ask(backend, page, temperature=0.0, max_tokens=16)).text for page in PAGES]
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        calls = [group.create_task(ask(backend, page, temperature=0.0, max_tokens=16)) for page in PAGES]
    assert [call.result().text for call in calls] == alone
    assert len(set(alone)) > CALLS / 2


async def test_tokens_are_counted(backend: ModelBackend) -> None:
    found = await ask(backend, PAGES[0], temperature=0.0, max_tokens=16)
    assert found.prompt_tokens > 0
    assert 0 < found.completion_tokens <= 16
    assert 0 <= found.cached_tokens <= found.prompt_tokens
    assert found.finish_reason
    assert found.latency_s > 0
    text = " ".join(PAGES)
    head = await backend.truncate(text, 20)
    assert text.startswith(head)
    assert 0 < await backend.count_tokens(head) <= 20 < await backend.count_tokens(text)


async def test_stop_strings_end_the_reply_and_are_not_in_it(backend: ModelBackend) -> None:
    whole = (await ask(backend, PAGES[3], temperature=0.0, max_tokens=24)).text
    # From the middle, and of letters: a random model also makes halves of characters, which nothing can be stopped at.
    stop = max(re.findall(r"[A-Za-z]{2,}", whole[len(whole) // 4 :]), key=len)
    found = await ask(backend, PAGES[3], temperature=0.0, max_tokens=24, stop=(stop,))
    assert found.text == whole[: whole.index(stop)]


async def test_temperature_0_repeats(backend: ModelBackend) -> None:
    first, again = [await ask(backend, PAGES[1], temperature=0.0, max_tokens=24) for _ in range(2)]
    assert first.text
    assert first.text == again.text


async def test_a_seed_repeats(backend: ModelBackend) -> None:
    first, again = [await ask(backend, PAGES[1], temperature=1.0, max_tokens=24, seed=7) for _ in range(2)]
    assert first.text == again.text


async def test_a_reply_is_kept_to_its_form_or_the_wish_is_refused_before_a_run(
    request: pytest.FixtureRequest, backend: ModelBackend
) -> None:
    """What is behind the fakes would ignore a grammar, or does not say whether it would."""
    if request.node.callspec.params["backend"] in FAKES:
        with pytest.raises(ConfigError, match="cannot be kept to it: .+; use none, or llama-cpp, vLLM or transformers"):
            require_forms(backend, ActionSettings(constrain="grammar"))
        return
    require_forms(backend, ActionSettings(constrain="grammar"))
    alone = (await ask(backend, PAGES[0], temperature=0.0, max_tokens=16)).text
    actions, free = await asyncio.gather(drawn(backend, 8), ask(backend, PAGES[0], temperature=0.0, max_tokens=16))
    require_actions(actions)
    assert free.text == alone, "beside replies in a form"
    assert {action.kind for action in await drawn(backend, 2, form=FORM.answer_only())} == {"stop"}


async def test_a_cancelled_call_makes_room_for_the_next(backend: ModelBackend) -> None:
    limited = Limited(backend, rates=RateLimits(max_concurrency=1), spend=Spend())
    for wait_s in (0.0, 0.3):
        call = asyncio.create_task(ask(limited, PAGES[0], temperature=0.0, max_tokens=2000))
        await asyncio.wait([call], timeout=wait_s)
        call.cancel()
        async with asyncio.timeout(LIMIT_S):
            assert (await ask(limited, PAGES[1], temperature=0.0, max_tokens=8)).completion_tokens > 0


async def test_a_cancelled_call_ends_its_request(subject: Fake, server: Server) -> None:
    async with subject.connect(server) as backend:
        server.replies.append(HANG)
        call = asyncio.create_task(ask(backend, PAGES[0]))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: subject.attempts(server) == 1)
            call.cancel()
            await server.until(lambda: server.in_flight == 0)
        assert (await ask(backend, PAGES[1])).text == f"echo: {PAGES[1]}"


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_passing_fault_is_tried_again(subject: Fake, server: Server, fault: str) -> None:
    async with subject.connect(server) as backend:
        server.replies.extend([fault_of(subject, fault)] * 2)
        found = await ask(backend, PAGES[0])
    assert (found.text, found.retries) == (f"echo: {PAGES[0]}", 2)
    assert subject.attempts(server) == 3


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lasting_fault_is_a_model_error_after_the_retries(subject: Fake, server: Server, fault: str) -> None:
    async with subject.connect(server, max_retries=2) as backend:
        server.replies.extend([fault_of(subject, fault)] * 6)
        with pytest.raises(ModelError) as caught:
            await ask(backend, PAGES[0])
    assert caught.value.may_retry
    assert not caught.value.stops_run
    assert subject.attempts(server) == 3


async def test_a_server_that_hangs_is_asked_again(subject: Fake, server: Server) -> None:
    async with subject.connect(server, max_retries=20, timeout_s=0.5) as backend:
        server.replies.append(HANG)
        found = await ask(backend, PAGES[0])
    assert found.text == f"echo: {PAGES[0]}"
    assert found.retries >= 1


async def test_a_server_that_goes_on_hanging_is_a_model_error(subject: Fake, server: Server) -> None:
    async with subject.connect(server, max_retries=1, timeout_s=0.5) as backend:
        server.replies.extend([HANG] * 6)
        with pytest.raises(ModelError) as caught:
            await ask(backend, PAGES[0])
    assert caught.value.may_retry
    assert subject.attempts(server) <= 2


async def test_a_reply_is_given_up_when_its_whole_takes_too_long_or_is_too_large(subject: Fake, server: Server) -> None:
    whole = json.dumps(subject.whole)
    async with subject.connect(server, max_retries=0, timeout_s=2) as backend:
        server.replies.append(Reply(200, whole.ljust(9 * 2**20)))
        with pytest.raises(ModelError, match="larger than 8 MiB"):
            await ask(backend, PAGES[0])
    async with subject.connect(server, max_retries=0, timeout_s=0.5) as backend:
        server.replies.append(Reply(200, whole.ljust(1000), drip_s=0.05))
        with pytest.raises(ModelError, match=r"no reply within 0\.5 s"):
            await ask(backend, PAGES[0])


async def test_a_quota_a_rate_and_a_filter_are_known_by_what_the_server_says(subject: Fake, server: Server) -> None:
    async with subject.connect(server) as backend:
        server.replies.append(subject.error(403, "Rate limit exceeded, try again later"))
        assert (await ask(backend, PAGES[0])).retries == 1
        for kind, status, text in (
            (ModelExhausted, 403, "Key limit exceeded (daily limit)."),
            (ModelExhausted, 429, "Your credit balance is too low"),
            (ModelBlocked, 400, "The request was blocked by our content policy"),
            (PromptTooLong, 400, "prompt is too long: 208310 tokens > 200000 maximum"),
        ):
            server.replies.append(subject.error(status, text))
            with pytest.raises(kind):
                await ask(backend, PAGES[0])


async def test_what_would_be_refused_is_found_by_a_small_request(subject: Fake, server: Server) -> None:
    async with subject.connect(server) as backend:
        await backend.probe()
        assert subject.attempts(server) == 1
        server.replies.extend([subject.error(400, "System role not supported")] * 2)
        async with subject.connect(server) as other:
            with pytest.raises(ConfigError, match="System role not supported"):
                await other.probe()
        async with subject.connect(server, probe=False) as forgoing:
            await forgoing.probe()
        assert subject.attempts(server) == 3


async def test_a_refusal_is_a_model_error_at_once(subject: Fake, server: Server) -> None:
    async with subject.connect(server) as backend:
        server.replies.append(subject.error(400, "malformed"))
        with pytest.raises(ModelError, match="malformed") as caught:
            await ask(backend, PAGES[0])
    assert not caught.value.may_retry
    assert subject.attempts(server) == 1


async def test_a_429_storm_loses_no_call(subject: Fake, server: Server) -> None:
    async with subject.connect(server, max_retries=30) as backend:
        server.replies.extend([fault_of(subject, "429")] * 40)
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            calls = [group.create_task(ask(backend, page)) for page in PAGES]
    assert [call.result().text for call in calls] == [f"echo: {page}" for page in PAGES]
    assert sum(call.result().retries for call in calls) == 40


async def test_a_restart_in_the_middle_loses_no_call(subject: Fake) -> None:
    server = subject.make_server()
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        async with running(server):
            backend = await stack.enter_async_context(subject.connect(server, max_retries=1000))
            server.replies.extend([HANG] * CALLS)
            calls = [asyncio.create_task(ask(backend, page)) for page in PAGES]
            await server.until(lambda: server.in_flight == CALLS)
        done, _ = await asyncio.wait(calls, timeout=0.05)
        assert not done
        async with running(server):
            found = [await call for call in calls]
    assert [each.text for each in found] == [f"echo: {page}" for page in PAGES]
    assert all(each.retries for each in found)


async def test_a_server_that_is_gone_is_a_model_error(subject: Fake) -> None:
    server = subject.make_server()
    async with AsyncExitStack() as stack:
        async with running(server):
            backend = await stack.enter_async_context(subject.connect(server))
        with pytest.raises(ModelError) as caught:
            await ask(backend, PAGES[0])
    assert caught.value.may_retry

"""vLLM in this process with a tiny model on the CPU: `make test-models`."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
import pytest_asyncio

from tests.models.contract.subject import opened
from tests.models.vllm_live import CONTEXT, MAX_NUM_SEQS, WARNINGS, ask, descendants, find, spec_of
from webarena_runner.errors import ConfigError, ModelError, ModelRefused, PromptTooLong
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.shared.tokens import local_tokens
from webarena_runner.models.vllm.engine import VllmEngine

pytestmark = [
    pytest.mark.models,
    pytest.mark.asyncio(loop_scope="module"),
    *(pytest.mark.filterwarnings(warning) for warning in WARNINGS),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tiny_llama: Path) -> AsyncIterator[ModelBackend]:
    async with opened(VllmEngine(spec_of("vllm", tiny_llama), environ={})) as backend:
        yield backend


async def test_concurrent_requests_are_batched_and_each_has_its_own_reply(engine: ModelBackend) -> None:
    texts = [f"item {number}" for number in range(16)]
    started_s = monotonic()
    alone = [(await ask(engine, text)).text for text in texts]
    one_by_one_s = monotonic() - started_s
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(engine, text)) for text in texts]
    at_once_s = monotonic() - started_s - one_by_one_s
    assert [task.result().text for task in tasks] == alone
    assert len(set(alone)) > 12
    assert at_once_s < one_by_one_s / 2


async def test_with_the_option_a_reply_has_its_tokens_and_their_log_probabilities(tiny_llama: Path) -> None:
    async with opened(VllmEngine(spec_of("vllm", tiny_llama, logprobs=True), environ={})) as backend:
        reply = await ask(backend, "hello", max_tokens=7)
    assert reply.prompt_token_ids is not None
    assert reply.token_ids is not None
    assert reply.logprobs is not None
    assert (len(reply.prompt_token_ids), len(reply.token_ids)) == (reply.prompt_tokens, reply.completion_tokens)
    assert len(reply.logprobs) == reply.completion_tokens
    assert all(logprob <= 0 for logprob in reply.logprobs)


async def test_token_counts_are_exact(engine: ModelBackend, tiny_llama: Path) -> None:
    reply = await ask(engine, "hello", max_tokens=7)
    rendered = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>"
    tokens = local_tokens(str(tiny_llama))
    wanted = await tokens.count(f"{rendered}<|start_header_id|>assistant<|end_header_id|>\n\n")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finish_reason) == (wanted, 7, "length")
    page = "[1] RootWebArea 'Kettles é' focused: True\n\t[41] link 'My Account'\n" * 40
    assert await engine.count_tokens(page) == await tokens.count(page)
    assert await engine.truncate(page, 100) == await tokens.head(page, 100)
    assert engine.context_window == CONTEXT
    assert not engine.estimates_tokens


async def test_a_repeated_prompt_comes_from_the_cache(engine: ModelBackend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webarena_runner")
    text = "[1] link 'My Account'\n" * 100
    first, second = await ask(engine, text), await ask(engine, text)
    assert first.cached_tokens == 0
    assert second.cached_tokens > first.prompt_tokens / 2
    assert first.text == second.text


async def test_a_stop_string_ends_the_reply_and_is_not_in_it(engine: ModelBackend) -> None:
    whole = (await ask(engine, "hello")).text
    stop = whole[10:14]
    reply = await ask(engine, "hello", stop=(stop,))
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish_reason == "stop"


async def test_a_seed_repeats_a_sampled_reply(engine: ModelBackend) -> None:
    replies = [(await ask(engine, "hello", temperature=1.0, seed=seed)).text for seed in (1, 1, 2)]
    assert replies[0] == replies[1] != replies[2]


async def test_without_a_limit_a_reply_may_fill_the_window(engine: ModelBackend) -> None:
    reply = await ask(engine, "hello 12 " * 660, max_tokens=None)
    assert reply.prompt_tokens + reply.completion_tokens == CONTEXT or reply.finish_reason == "stop"
    assert reply.completion_tokens > 48


async def test_cancelled_requests_free_their_places(engine: ModelBackend) -> None:
    started_s = monotonic()
    await ask(engine, "short")
    alone_s = monotonic() - started_s
    long = [asyncio.create_task(ask(engine, f"long {number}", max_tokens=4000)) for number in range(2 * MAX_NUM_SEQS)]
    await asyncio.wait(long, timeout=5 * alone_s)
    for task in long:
        task.cancel()
    ended = await asyncio.gather(*long, return_exceptions=True)
    assert sum(isinstance(end, asyncio.CancelledError) for end in ended) > MAX_NUM_SEQS
    async with asyncio.timeout(10 * alone_s + 2):
        await ask(engine, "short")


async def test_a_prompt_that_does_not_fit_is_told_at_once(engine: ModelBackend) -> None:
    with pytest.raises(PromptTooLong, match=str(CONTEXT)):
        await ask(engine, "hello 12 " * 3000)


async def test_sampling_that_the_engine_does_not_take_is_refused(engine: ModelBackend) -> None:
    with pytest.raises(ModelRefused, match="top_p"):
        await ask(engine, "hello", temperature=1.0, top_p=0.0)


async def test_a_model_that_does_not_see_refuses_images(engine: ModelBackend) -> None:
    with pytest.raises(ModelRefused, match="does not see"):
        await ask(engine, "hello", images=[b"\x89PNG"])


async def test_an_engine_that_died_is_started_once_again_and_nothing_is_left_of_it(
    engine: ModelBackend, tiny_llama: Path
) -> None:
    before = set(descendants(os.getpid()))
    environ = dict(os.environ)
    # The tiny model's template is the published Llama-3 format, so ours must give the same replies.
    spec = spec_of("vllm", tiny_llama, prompt_format="llama3")
    async with opened(VllmEngine(spec, environ={})) as backend:
        assert dict(os.environ) == environ
        whole = await ask(backend, "hello")
        core = find("EngineCore", but=before)
        tasks = [asyncio.create_task(ask(backend, f"item {number}", max_tokens=2000)) for number in range(4)]
        await ask(backend, "hello", max_tokens=1)
        os.kill(core, signal.SIGKILL)
        replies = await asyncio.gather(*tasks)
        assert [reply.retries for reply in replies] == [1, 1, 1, 1]
        assert (await ask(backend, "hello")).text == whole.text == (await ask(engine, "hello")).text
        os.kill(find("EngineCore", but=before), signal.SIGKILL)
        with pytest.raises(ModelError, match="died"):
            await ask(backend, "hello")
    assert not {process: command for process, command in descendants(os.getpid()).items() if process not in before}


async def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    backend = VllmEngine(spec_of("vllm", tmp_path / "none"), environ={})
    with pytest.raises(ConfigError, match="does not start.*none"):
        await backend.check()
    await backend.aclose()


async def test_an_unknown_argument_is_told_without_a_start(tiny_llama: Path) -> None:
    spec = spec_of("vllm", tiny_llama, engine={"tensor_parallel": 2})
    assert "did you mean 'tensor_parallel_size'" in str(VllmEngine.availability(spec, {}))
    with pytest.raises(ConfigError, match="did you mean 'tensor_parallel_size'"):
        VllmEngine(spec, environ={})

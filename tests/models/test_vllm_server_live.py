"""vLLM's server, started here with a tiny model on the CPU: `make test-models`."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.models.contract.subject import opened
from tests.models.vllm_live import CONTEXT, MAX_NUM_SEQS, WARNINGS, ask, descendants, find, spec_of
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.errors import ConfigError, ModelRefused, PromptTooLong, UsageError
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.shared.tokens import local_tokens
from webarena_runner.models.vllm.server import VllmServer
from webarena_runner.settings.records import ModelSpec, ObservationSettings
from webarena_runner.types import Observation, Sampling, Task

pytestmark = [
    pytest.mark.models,
    pytest.mark.asyncio(loop_scope="module"),
    *(pytest.mark.filterwarnings(warning) for warning in WARNINGS),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tiny_llama: Path) -> AsyncIterator[ModelBackend]:
    before = set(descendants(os.getpid()))
    async with opened(VllmServer(spec_of("vllm-server", tiny_llama), environ=os.environ)) as backend:
        yield backend
    assert not set(descendants(os.getpid())) - before


@pytest_asyncio.fixture(loop_scope="module")
async def by_our_format(server: VllmServer, tiny_llama: Path) -> AsyncIterator[ModelBackend]:
    """Another client of the same server, which sends whole prompts."""
    process = next(process for process, command in descendants(os.getpid()).items() if command.split()[1:2] == ["-m"])
    variables = await asyncio.to_thread(Path(f"/proc/{process}/environ").read_bytes)
    key = variables.split(b"VLLM_API_KEY=")[1].split(b"\0")[0].decode()
    assert key
    assert key not in descendants(os.getpid())[process]
    options = {"base_url": server.endpoints[0].base_url, "api_key_env": "KEY", "prompt_format": "llama3"}
    spec = ModelSpec(name="tiny", backend="vllm-server", model=str(tiny_llama), options=options)
    async with opened(VllmServer(spec, environ={"KEY": key})) as backend:
        yield backend


async def test_concurrent_requests_each_have_their_own_reply(server: ModelBackend) -> None:
    texts = [f"item {number}" for number in range(16)]
    alone = [(await ask(server, text)).text for text in texts]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(server, text)) for text in texts]
    assert [task.result().text for task in tasks] == alone
    assert len(set(alone)) > 12


async def test_token_counts_are_the_servers(server: ModelBackend, tiny_llama: Path) -> None:
    reply = await ask(server, "hello", max_tokens=7)
    rendered = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>"
    tokens = local_tokens(str(tiny_llama))
    wanted = await tokens.count(f"{rendered}<|start_header_id|>assistant<|end_header_id|>\n\n")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finish_reason) == (wanted, 7, "length")
    page = "[1] RootWebArea 'Kettles é' focused: True\n\t[41] link 'My Account'\n" * 40
    assert await server.count_tokens(page) == await tokens.count(page)
    assert await server.truncate(page, 100) == await tokens.head(page, 100)
    assert server.context_window == CONTEXT
    assert not server.estimates_tokens


async def test_our_format_gives_what_the_chat_template_gives(server: ModelBackend, by_our_format: ModelBackend) -> None:
    chat, ours = await ask(server, "hello"), await ask(by_our_format, "hello")
    assert ours.text == chat.text
    assert ours.prompt_tokens == chat.prompt_tokens
    assert (await ask(by_our_format, "hello 12 " * 660, max_tokens=None)).completion_tokens > 48
    with pytest.raises(PromptTooLong, match=str(CONTEXT)):
        await ask(by_our_format, "hello 12 " * 3000)


async def test_a_stop_string_ends_the_reply_and_is_not_in_it(server: ModelBackend, by_our_format: ModelBackend) -> None:
    whole = (await ask(server, "hello")).text
    stop = whole[10:14]
    for backend in (server, by_our_format):
        reply = await ask(backend, "hello", stop=(stop,))
        assert (reply.text, reply.finish_reason) == (whole[: whole.index(stop)], "stop")


async def test_cancelled_requests_free_their_places(server: ModelBackend) -> None:
    await ask(server, "short")
    long = [asyncio.create_task(ask(server, f"long {number}", max_tokens=3000)) for number in range(2 * MAX_NUM_SEQS)]
    await asyncio.wait(long, timeout=0.5)
    for task in long:
        task.cancel()
    ended = await asyncio.gather(*long, return_exceptions=True)
    assert sum(isinstance(end, asyncio.CancelledError) for end in ended) > MAX_NUM_SEQS
    async with asyncio.timeout(5):
        await ask(server, "short")


async def test_what_the_server_refuses_is_told_at_once(server: ModelBackend) -> None:
    with pytest.raises(PromptTooLong, match=str(CONTEXT)):
        await ask(server, "hello 12 " * 3000)
    with pytest.raises(ModelRefused, match="top_p"):
        await ask(server, "hello", temperature=1.0, top_p=0.0)
    with pytest.raises(ModelRefused, match="multimodal"):
        await ask(server, "hello", images=[b"\x89PNG\r\n\x1a\n"])


async def test_the_prompted_agent_takes_a_step_and_the_fixed_part_of_its_prompt_is_cached(
    server: ModelBackend, caplog: pytest.LogCaptureFixture
) -> None:
    agent = Prompted(
        server, load_prompt("cot"), sampling=Sampling(temperature=0.0, max_tokens=16), settings=ObservationSettings()
    )
    task = Task(
        task_set="mini",
        task_id=1,
        intent="buy a kettle",
        sites=(),
        start_urls=(),
        login_sites=(),
        template_id=1,
        checks=(),
        raw={},
    )
    text = "[1] RootWebArea 'Kettles' focused: True\n" + "\t[41] link 'My Account'\n" * 1000
    page = Observation(url="http://127.0.0.1:7770/", tabs=("Kettles",), text=text)
    for trial in range(2):
        decision = await agent.act(task, [], page, urls={"shopping": "http://127.0.0.1:7770"}, trial=trial)
    assert decision.cut_tokens > 0
    assert decision.completion is not None
    assert decision.completion.prompt_tokens > 1920
    assert decision.completion.cached_tokens > 1000


async def test_a_server_that_is_killed_is_started_again_and_the_calls_end_well(
    server: ModelBackend, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [f"item {number}" for number in range(4)]
    alone = [(await ask(server, text, max_tokens=2000)).text for text in texts]
    core = find("EngineCore")
    tasks = [asyncio.create_task(ask(server, text, max_tokens=2000)) for text in texts]
    await ask(server, "hello", max_tokens=1)
    os.kill(core, signal.SIGKILL)
    replies = await asyncio.gather(*tasks)
    assert [reply.text for reply in replies] == alone
    assert max(reply.retries for reply in replies) >= 1
    assert "starting it again" in caplog.text


async def test_the_log_has_the_cache_hits_and_never_the_key(
    server: VllmServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "webarena_runner")
    for endpoint in server.endpoints:
        await endpoint.report()
    assert "0 requests running, 0 waiting; prefix cache hits" in caplog.text


async def test_an_unknown_argument_is_told_without_a_start(tiny_llama: Path) -> None:
    backend = VllmServer(spec_of("vllm-server", tiny_llama, serve={"tensor_parallel": 2}), environ=os.environ)
    with pytest.raises(ConfigError, match="did you mean 'tensor_parallel_size'"):
        await backend.check()
    await backend.aclose()


async def test_a_value_that_vllm_does_not_take_is_told_with_the_end_of_its_log(tiny_llama: Path) -> None:
    backend = VllmServer(spec_of("vllm-server", tiny_llama, serve={"dtype": "float33"}), environ=os.environ)
    with pytest.raises(UsageError, match="(?s)ended at start, code 2.*float33"):
        await backend.check()
    await backend.aclose()

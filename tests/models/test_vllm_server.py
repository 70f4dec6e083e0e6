"""The vLLM backend that connects to servers, against fakes of them on loopback."""

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.models.fake_openai import Reply, Server, error, running
from webarena_runner.errors import ModelError, ModelRefused, PromptTooLong, UsageError
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.vllm.server import VllmServer
from webarena_runner.models.vllm.stats import describe_metrics, read_metrics
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

QUICK = {"retry_first_wait_s": 0.01, "retry_longest_wait_s": 0.02, "max_retries": 1, "timeout_s": 5}
METRICS = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 2.0
vllm:num_requests_running{engine="1",model_name="tiny"} 1.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 4.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny"} 9.0
vllm:prefix_cache_queries_total{engine="0",model_name="tiny"} 2000.0
vllm:prefix_cache_hits_total{engine="0",model_name="tiny"} 1.5e+03
"""


def tokens(body: dict[str, Any]) -> Reply:
    """Special tokens are one token, other texts one for each character."""
    text = body["prompt"]
    found = [7] if text in ("<|eot_id|>", "<|end_of_text|>") else list(range(len(text)))
    return Reply(200, {"tokens": found, "count": len(found), "max_model_len": 4096})


def serving(name: str) -> Server:
    server = Server(models=[{"id": "tiny", "object": "model", "max_model_len": 4096}])
    server.routes["/tokenize"] = tokens
    server.routes["/metrics"] = lambda _: Reply(200, METRICS)
    server.routes["/v1/completions"] = lambda _: Reply(
        200,
        {
            "choices": [{"text": f" from {name}", "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 16}},
        },
    )
    return server


@pytest.fixture
async def servers() -> AsyncIterator[list[Server]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(serving(name))) for name in "abc"]


@pytest.fixture
async def backend(servers: list[Server]) -> AsyncIterator[VllmServer]:
    made = connected(servers)
    await made.check()
    yield made
    await made.aclose()


def connected(servers: list[Server], **options: Any) -> VllmServer:
    urls = [server.base_url for server in servers]
    spec = ModelSpec(name="m", backend="vllm-server", model="tiny", options={"base_url": urls} | QUICK | options)
    return VllmServer(spec, environ={})


async def ask(backend: VllmServer, task_id: int, *, step: int = 0, **sampling: Any) -> Completion:
    messages = [Message(role="system", content="Be brief."), Message(role="user", content=f"task {task_id}")]
    tag = RequestTag("webarena", task_id, 0, step)
    return await backend.generate(messages, Sampling(**sampling), tag=tag)


async def test_an_episode_stays_with_one_server_and_episodes_are_spread(
    backend: VllmServer, servers: list[Server]
) -> None:
    for step in range(3):
        for task_id in range(30):
            assert (await ask(backend, task_id, step=step)).text == f"echo: task {task_id}"
    asked = [Counter(chat.body["messages"][-1]["content"] for chat in server.chats) for server in servers]
    assert all(set(tasks.values()) == {3} for tasks in asked)
    assert sum(len(tasks) for tasks in asked) == 30
    assert min(len(tasks) for tasks in asked) >= 4


async def test_the_episodes_of_a_dead_server_move_on_and_do_not_ask_it_again(servers: list[Server]) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(serving("d")))
        backend = connected([first, *servers[:1]])
        stack.push_async_callback(backend.aclose)
        await backend.check()
        first.routes["/v1/chat/completions"] = lambda _: error(500, "out of memory")
        for step in range(2):
            for task_id in range(8):
                assert (await ask(backend, task_id, step=step)).text
        assert len(first.chats) == 1 + QUICK["max_retries"]
        assert len(servers[0].chats) == 16


async def test_when_all_servers_fail_each_is_named(servers: list[Server]) -> None:
    backend = connected(servers)
    for server in servers:
        server.routes["/v1/chat/completions"] = lambda _: error(503, "overloaded")
    with pytest.raises(ModelError) as caught:
        await ask(backend, 1)
    assert all(server.base_url in str(caught.value) for server in servers)
    await backend.aclose()


async def test_a_prompt_that_is_too_long_is_not_sent_to_the_next_server(
    backend: VllmServer, servers: list[Server]
) -> None:
    told = error(400, "This model's maximum context length is 4096 tokens")
    for server in servers:
        server.routes["/v1/chat/completions"] = lambda _: told
    with pytest.raises(PromptTooLong):
        await ask(backend, 1)
    assert sum(len(server.chats) for server in servers) == 1


async def test_every_server_must_be_there_before_a_run(servers: list[Server]) -> None:
    backend = connected(servers)
    servers[1].models = [{"id": "other", "object": "model"}]
    with pytest.raises(UsageError, match=f"{servers[1].base_url}: unknown model 'tiny'"):
        await backend.check()
    await backend.aclose()


async def test_window_and_tokens_are_the_servers(backend: VllmServer) -> None:
    assert backend.context_window == 4096
    assert await backend.count_tokens("hello") == 5
    assert not backend.estimates_tokens


async def test_a_prompt_format_goes_to_the_completion_route(servers: list[Server]) -> None:
    backend = connected(servers[:1], prompt_format="llama3")
    reply = await ask(backend, 1, temperature=0.0, stop=["END"])
    assert reply.text == " from a"
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens) == (30, 5, 16)
    body = next(request.body for request in servers[0].requests if request.path == "/v1/completions")
    assert body["prompt"].startswith("<|begin_of_text|><|start_header_id|>system")
    assert body["prompt"].endswith("<|start_header_id|>assistant<|end_header_id|>\n\n")
    assert body["add_special_tokens"] is False
    assert body["stop"] == ["END"]
    assert set(body["stop_token_ids"]) == {7}
    assert body["max_tokens"] == 4096 - len(body["prompt"])
    assert body["temperature"] == 0.0
    await backend.aclose()


async def test_a_base_model_is_given_its_bos_by_the_server(servers: list[Server]) -> None:
    backend = connected(servers[:1], prompt_format="completion")
    await ask(backend, 1, max_tokens=20)
    body = next(request.body for request in servers[0].requests if request.path == "/v1/completions")
    assert body["add_special_tokens"] is True
    assert body["stop"] == ["\nObservation:"]
    assert body["max_tokens"] == 20
    await backend.aclose()


async def test_images_need_the_chat_route(servers: list[Server]) -> None:
    backend = connected(servers[:1], prompt_format="llava-llama3")
    message = Message(role="user", content="what is this?", images=(b"\x89PNG",))
    with pytest.raises(ModelRefused, match="prompt_format: template"):
        await backend.generate([message], Sampling(), tag=RequestTag())
    await backend.aclose()


async def test_cache_hits_and_queue_are_in_the_log_at_the_end(
    servers: list[Server], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "webarena_runner")
    backend = connected(servers[:1])
    await backend.check()
    await backend.aclose()
    assert "3 requests running, 4 waiting; prefix cache hits 75.0% of prompt tokens" in caplog.text


def test_metrics_of_a_server_that_has_done_nothing() -> None:
    assert describe_metrics(read_metrics("")).endswith("prefix cache hits none of prompt tokens")

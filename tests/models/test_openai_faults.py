"""What goes wrong with a model server, and what becomes of it: another attempt, or a clear error."""

import asyncio
import logging
import traceback
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import DROP, HANG, Reply, Server, completion, error, running
from webarena_runner.errors import ModelError, ModelExhausted, ModelRefused, PromptTooLong
from webarena_runner.interfaces import RequestTag
from webarena_runner.types import Completion, Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)


async def ask(connect: Connect, **options: object) -> Completion:
    return await connect(**options).generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG)


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "Rate limit reached", code="rate_limit_exceeded"),
        error(500, "The server had an error"),
        error(503, "Service Unavailable"),
        Reply(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
        Reply(200, completion("x"), cut=True),
        Reply(200, '{"choices": ['),
        DROP,
    ],
    ids=["429", "500", "503", "502-html", "cut-body", "cut-json", "dropped"],
)
async def test_a_fault_that_may_pass_is_tried_again(server: Server, connect: Connect, fault: Reply) -> None:
    server.replies.extend([fault, fault])
    found = await ask(connect)
    assert (found.text, found.retries) == ("echo: PAGE", 2)
    assert len(server.chats) == 3


async def test_a_server_that_hangs_is_left_after_the_timeout_and_asked_again(server: Server, connect: Connect) -> None:
    server.replies.append(HANG)
    found = await ask(connect, timeout_s=0.2)
    assert (found.text, found.retries) == ("echo: PAGE", 1)
    assert found.latency_s > 0.2


async def test_a_server_that_restarts_is_waited_for(unused_tcp_port: int, connect: Connect) -> None:
    backend = connect(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1", max_retries=200)
    waiting = asyncio.create_task(backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    async with running(Server(port=unused_tcp_port)):
        found = await waiting
        await backend.aclose()
    assert found.text == "echo: PAGE"
    assert found.retries > 0


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (error(500, "The server had an error"), "HTTP 500: The server had an error"),
        (DROP, "connection failed"),
        (HANG, "no reply within 0.2 s"),
    ],
    ids=["500", "dropped", "hangs"],
)
async def test_retries_end_in_a_model_error_that_tells_the_last_fault(
    server: Server, connect: Connect, fault: Reply, told: str
) -> None:
    server.replies.extend([fault] * 3)
    with pytest.raises(ModelError) as caught:
        await ask(connect, max_retries=2, timeout_s=0.2)
    assert told in str(caught.value)
    assert "attempt 3 of 3" in str(caught.value)
    assert caught.value.may_retry
    assert len(server.chats) == 3


async def test_nobody_listening_is_a_model_error(unused_tcp_port: int, connect: Connect) -> None:
    with pytest.raises(ModelError, match=r"connection failed.*attempt 4 of 4"):
        await ask(connect, base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (error(401, "Incorrect API key provided", code="invalid_api_key"), ModelRefused, "API key was not accepted"),
        (error(403, "Country not supported"), ModelRefused, "Country not supported"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), ModelExhausted, "no credit"),
        (error(402, "Insufficient credits", code=402), ModelExhausted, "no credit"),
        (error(400, "temperature must be non-negative", code=400), ModelRefused, "temperature must be non-negative"),
        (error(404, "The model does not exist", code=404), ModelRefused, "HTTP 404"),
        (Reply(422, {"error": "Template error", "error_type": "template_error"}), ModelRefused, "Template error"),
        (error(400, "Input is too big", code="context_length_exceeded"), PromptTooLong, "Input is too big"),
        (
            error(400, "This model's maximum context length is 8192 tokens. However, your prompt has more"),
            PromptTooLong,
            "8192 tokens",
        ),
        (
            error(400, "the request exceeds the available context size", code=400, type="exceed_context_size_error"),
            PromptTooLong,
            "context size",
        ),
        (
            Reply(422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096"}),
            PromptTooLong,
            "4096",
        ),
        (Reply(413, "too large", {"Content-Type": "text/plain"}), PromptTooLong, "413"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_a_refusal_is_told_at_once(
    server: Server, connect: Connect, fault: Reply, kind: type[ModelError], told: str
) -> None:
    server.replies.append(fault)
    with pytest.raises(ModelError) as caught:
        await ask(connect)
    assert type(caught.value) is kind
    assert told in str(caught.value)
    assert caught.value.may_retry == caught.value.stops_run == (kind is ModelExhausted)
    assert len(server.chats) == 1


async def test_an_unknown_model_is_told_with_the_models_there_are(server: Server, connect: Connect) -> None:
    server.models.append({"id": "bigger"})
    with pytest.raises(ModelRefused, match="unknown model 'nope'.*tiny, bigger"):
        await ask(connect, model="nope")


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [({"Retry-After": "0.3"}, 0.3), ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25)],
    ids=["seconds", "milliseconds"],
)
async def test_the_wait_that_the_server_asks_for_is_kept(
    server: Server, connect: Connect, headers: dict[str, str], least_s: float
) -> None:
    server.replies.append(error(429, "slow down", headers=headers))
    started_s = monotonic()
    await ask(connect)
    assert least_s <= monotonic() - started_s < 8


async def test_a_retry_after_date_is_kept(server: Server, connect: Connect) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    server.replies.append(error(503, "later", headers={"Retry-After": format_datetime(at, usegmt=True)}))
    await ask(connect)
    assert datetime.now(UTC) >= at


async def test_a_server_that_asks_for_an_hour_is_not_waited_for(server: Server, connect: Connect) -> None:
    server.replies.append(error(429, "slow down", headers={"Retry-After": "3600"}))
    with pytest.raises(ModelError, match="asks to wait 3600 s"):
        await ask(connect)
    assert len(server.chats) == 1


async def test_a_storm_of_refusals_loses_no_request(server: Server, connect: Connect) -> None:
    server.replies.extend([error(429, "slow down")] * 40)
    backend = connect(max_retries=30)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(backend.generate([Message(role="user", content=str(number))], Sampling(), tag=TAG))
            for number in range(32)
        ]
    assert [task.result().text for task in tasks] == [f"echo: {number}" for number in range(32)]
    assert sum(task.result().retries for task in tasks) == 40


async def test_the_key_is_in_no_error_and_no_log(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    key = "sk-" + uuid.uuid4().hex  # not in this source, which tracebacks quote
    options: dict[str, Any] = {"api_key_env": "SOME_KEY", "environ": {"SOME_KEY": key}}
    server.key = "sk-right"
    with caplog.at_level(logging.DEBUG, "webarena_runner"), pytest.raises(ModelRefused) as caught:
        await ask(connect, **options)
    server.key = ""
    server.replies.extend([error(500, f"failed for Bearer {key}")] * 4)
    with caplog.at_level(logging.DEBUG, "webarena_runner"), pytest.raises(ModelError) as exhausted:
        await ask(connect, **options)
    printed = "".join("".join(traceback.format_exception(error.value)) for error in (caught, exhausted))
    assert "[key]" in printed
    assert key not in printed
    assert key not in caplog.text
    assert caplog.text

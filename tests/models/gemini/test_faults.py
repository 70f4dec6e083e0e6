"""What goes wrong with the Gemini API, and what becomes of it: another attempt, an error, or the end of the run."""

import asyncio
import logging
import threading
import traceback
import uuid
from time import monotonic
from typing import Any

import pytest

from tests.models.fake_gemini import (
    GeminiServer,
    candidate,
    error,
    quota_failure,
    reply,
    retry_info,
    wrong_key,
)
from tests.models.fake_openai import DROP, HANG, Reply
from tests.models.gemini_backend import Connect
from webarena_runner.errors import LimitSpent, ModelBlocked, ModelError, ModelExhausted, ModelRefused, PromptTooLong
from webarena_runner.interfaces import RequestTag
from webarena_runner.types import Completion, Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
PROMPT = [Message(role="user", content="PAGE")]
HATEFUL = [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "HIGH", "blocked": True}]
PER_MINUTE, PER_DAY = "GenerateRequestsPerMinutePerProjectPerModel", "GenerateRequestsPerDayPerProjectPerModel"


async def ask(connect: Connect, **options: Any) -> Completion:
    return await connect(**options).generate(PROMPT, Sampling(), tag=TAG)


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "You exceeded your current quota", details=[quota_failure(PER_MINUTE), retry_info("0.01s")]),
        error(504, "The request timed out."),
        Reply(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
        Reply(200, '{"candidates": ['),
        Reply(200, reply(candidate(""))),
        Reply(200, reply({"finishReason": "MALFORMED_FUNCTION_CALL", "index": 0})),
        Reply(200, reply()),
    ],
    ids=["429-minute", "504", "502-html", "cut-json", "empty", "malformed", "no-candidates"],
)
async def test_a_fault_that_may_pass_is_tried_again(server: GeminiServer, connect: Connect, fault: Reply) -> None:
    server.replies.extend([fault, fault])
    found = await ask(connect)
    assert (found.text, found.retries) == ("echo: PAGE", 2)
    assert len(server.chats) == 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (error(503, "The model is overloaded"), "HTTP 503: The model is overloaded"),
        (Reply(200, reply(candidate(""))), "an empty reply, finishReason STOP"),
        (DROP, "connection failed"),
        (HANG, "no reply within 0.2 s"),
    ],
    ids=["503", "empty", "dropped", "hangs"],
)
async def test_retries_end_in_a_model_error_that_tells_the_last_fault(
    server: GeminiServer, connect: Connect, fault: Reply, told: str
) -> None:
    server.replies.extend([fault] * 3)
    with pytest.raises(ModelError) as caught:
        # Whatever answers has time to, on a busy machine too.
        await ask(connect, max_retries=2, timeout_s=0.2 if fault is HANG else 10)
    assert type(caught.value) is ModelError
    assert told in str(caught.value)
    assert "attempt 3 of 3" in str(caught.value)
    assert len(server.chats) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (reply(promptFeedback={"blockReason": "SAFETY", "safetyRatings": HATEFUL}), "blockReason SAFETY"),
        (reply(promptFeedback={"blockReason": "PROHIBITED_CONTENT"}), "blockReason PROHIBITED_CONTENT"),
        (reply({"finishReason": "SAFETY", "index": 0, "safetyRatings": HATEFUL}), "finishReason SAFETY"),
        (reply({"finishReason": "RECITATION", "index": 0}), "finishReason RECITATION"),
        (reply(candidate(finish_reason="BLOCKLIST")), "finishReason BLOCKLIST"),
        (reply(candidate("", finish_reason="PROHIBITED_CONTENT")), "finishReason PROHIBITED_CONTENT"),
        (reply(candidate(finish_reason="SPII")), "finishReason SPII"),
        (reply(candidate(finish_reason="LANGUAGE")), "finishReason LANGUAGE"),
        (reply(candidate(finish_reason="OTHER")), "finishReason OTHER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_a_filter_blocked_is_told_with_its_reason_and_not_asked_again(
    server: GeminiServer, connect: Connect, body: dict[str, Any], reason: str
) -> None:
    server.replies.append(Reply(200, body))
    with pytest.raises(ModelBlocked, match=reason) as caught:
        await ask(connect)
    assert ("HARM_CATEGORY_HATE_SPEECH=HIGH" in str(caught.value)) == ("HATE_SPEECH" in str(body))
    assert not caught.value.may_retry
    assert len(server.chats) == 1


async def test_a_part_that_a_filter_let_through_is_no_answer_and_is_kept(
    server: GeminiServer, connect: Connect
) -> None:
    server.replies.append(Reply(200, reply(candidate("```click [1]``` and", finish_reason="SAFETY"))))
    with pytest.raises(
        ModelBlocked, match="after a part of it, which is kept in the step, finishReason SAFETY"
    ) as caught:
        await ask(connect)
    assert caught.value.completion is not None
    assert caught.value.completion.text == "```click [1]``` and"


@pytest.mark.filterwarnings("ignore:.*(is not a valid|Unrecognized FinishReason)")
async def test_a_reason_that_is_newer_than_the_sdk_is_no_empty_reply(
    server: GeminiServer, connect: Connect, sdk: str
) -> None:
    newer: str | int = "NEWER_REASON" if sdk == "google-genai" else 31  # the older SDK asks for numbers
    server.replies.append(Reply(200, reply({"finishReason": newer, "index": 0})))
    with pytest.raises(ModelBlocked, match=f"finishReason {newer}"):
        await ask(connect)


@pytest.mark.parametrize(
    "content", [{}, {"content": {"role": "model", "parts": [{"text": "\n"}]}}], ids=["none", "blank"]
)
async def test_a_reply_limit_spent_without_any_text_names_the_settings(
    server: GeminiServer, connect: Connect, content: dict[str, Any]
) -> None:
    usage = {"promptTokenCount": 900, "thoughtsTokenCount": 380, "totalTokenCount": 1280}
    server.replies.append(Reply(200, reply({"finishReason": "MAX_TOKENS", "index": 0} | content, usage=usage)))
    with pytest.raises(LimitSpent, match=r"380 tokens; raise sampling\.max_tokens.*thinking_budget"):
        await ask(connect)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (wrong_key("K"), ModelRefused, "check GEMINI_API_KEY"),
        (error(401, "Request had invalid authentication credentials."), ModelRefused, "API key was not accepted"),
        (error(403, "Generative Language API has not been used in project 1"), ModelRefused, "has not been used"),
        (error(400, "* GenerateContentRequest.generation_config.temperature: bad"), ModelRefused, "temperature"),
        (error(400, "User location is not supported for the API use."), ModelRefused, "location"),
        (
            error(400, "The input token count (2551556) exceeds the maximum number of tokens allowed (1048576)."),
            PromptTooLong,
            "1048576",
        ),
        (error(400, "Request payload size exceeds the limit: 20971520 bytes."), PromptTooLong, "20971520"),
        (Reply(413, "too large", {"Content-Type": "text/plain"}), PromptTooLong, "413"),
        (
            error(429, "You exceeded your quota", details=[quota_failure(PER_MINUTE, PER_DAY), retry_info("44s")]),
            ModelExhausted,
            f"day's quota of 50 is used up ({PER_DAY}); it is renewed at midnight Pacific",
        ),
        (error(429, "Your prepayment credits are depleted."), ModelExhausted, "credits are depleted"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_a_refusal_is_told_at_once(
    server: GeminiServer, connect: Connect, fault: Reply, kind: type[ModelError], told: str
) -> None:
    server.replies.append(fault)
    with pytest.raises(ModelError) as caught:
        await ask(connect)
    assert type(caught.value) is kind
    assert told in str(caught.value)
    assert len(server.chats) == 1


async def test_an_unknown_model_is_told_with_the_models_there_are(server: GeminiServer, connect: Connect) -> None:
    with pytest.raises(ModelRefused, match=r"unknown model 'tinny' \(did you mean 'tiny'\?\).*models: tiny"):
        await ask(connect, model="tinny")


@pytest.mark.parametrize(
    ("details", "headers", "least_s"),
    [
        ([retry_info("0.3s")], {}, 0.3),
        ([retry_info("0.2s")], {"Retry-After": "90"}, 0.2),
        ([], {"Retry-After": "0.3"}, 0.3),
    ],
    ids=["RetryInfo", "RetryInfo-first", "Retry-After"],
)
async def test_the_wait_that_the_server_asks_for_is_kept(
    server: GeminiServer, connect: Connect, details: list[dict[str, Any]], headers: dict[str, str], least_s: float
) -> None:
    server.replies.append(error(429, "slow down", headers=headers, details=details))
    started_s = monotonic()
    await ask(connect)
    assert least_s <= monotonic() - started_s < 8


async def test_a_server_that_asks_for_an_hour_is_not_waited_for(server: GeminiServer, connect: Connect) -> None:
    server.replies.append(error(429, "slow down", details=[retry_info("3600s")]))
    with pytest.raises(ModelError, match="asks to wait 3600 s"):
        await ask(connect)
    assert len(server.chats) == 1


async def test_a_server_that_sends_a_byte_now_and_then_is_left_after_the_timeout(connect: Connect) -> None:
    """No single read of it times out."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            return
        finally:
            writer.close()

    listener = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(ModelError, match=r"no reply within 0\.2 s"):
            await ask(connect, base_url=f"http://127.0.0.1:{port}", timeout_s=0.2, max_retries=0)


async def test_a_cancelled_call_ends_its_request_and_its_thread(server: GeminiServer, connect: Connect) -> None:
    server.replies.append(HANG)
    backend = connect(timeout_s=600)
    waiting = asyncio.create_task(backend.generate(PROMPT, Sampling(), tag=TAG))
    async with asyncio.timeout(5):
        await server.until(lambda: server.in_flight == 1)
        waiting.cancel()
        await asyncio.wait([waiting])
        await server.until(lambda: server.in_flight == 0)
    await backend.aclose()
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("gemini")]
    for worker in workers:
        worker.join(timeout=5)
    assert not any(worker.is_alive() for worker in workers)


async def test_the_key_is_in_no_error_and_no_log(
    server: GeminiServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    key = "AIza" + uuid.uuid4().hex  # not in this source, which tracebacks quote
    caught: list[BaseException] = []
    with caplog.at_level(logging.DEBUG):
        server.key = "right"
        for call in ("check", "ask"):
            backend = connect(key=key)
            with pytest.raises(Exception, match="not accepted") as refused:
                await (backend.check() if call == "check" else backend.generate(PROMPT, Sampling(), tag=TAG))
            caught.append(refused.value)
        server.key = ""
        server.replies.extend([error(500, f"failed for {key}")] * 4)
        with pytest.raises(ModelError) as exhausted:
            await ask(connect, key=key)
        await ask(connect, key=key)
        caught.append(exhausted.value)
    printed = "".join("".join(traceback.format_exception(found)) for found in caught)
    assert "[key]" in printed
    assert key not in printed
    assert key not in caplog.text
    assert "attempt 1" in caplog.text
    assert key not in repr(connect(key=key))

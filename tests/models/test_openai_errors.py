"""What error replies of chat servers mean: texts and forms that servers of many makers have."""

import asyncio
import json
import time
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion, error
from webarena_runner.errors import ModelBlocked, ModelError, ModelExhausted, ModelRefused, PromptTooLong
from webarena_runner.interfaces import RequestTag
from webarena_runner.types import Completion, Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)


async def ask(connect: Connect, **options: Any) -> Completion:
    return await connect(**options).generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG)


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "Rate limit exceeded: free-models-per-day."),
        error(403, "Key limit exceeded (daily limit)."),
        error(429, "Rate limit reached on tokens per day (TPD): Limit 100000, Used 99710. Try again in 14m24s."),
        error(400, "Your credit balance is too low to access the API.", type="invalid_request_error"),
        error(429, "Your account is suspended", code="exceeded_current_quota_error"),
        error(400, "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0", type="budget_exceeded"),
        error(
            429,
            "You exceeded your current quota",
            details=[{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}],
        ),
        Reply(200, {"error": {"message": "Insufficient credits", "code": 402}}),
        error(429, "slow down", headers={"Retry-After": "7200"}),
    ],
    ids=lambda fault: str(fault.body)[:60],
)
async def test_a_spent_quota_or_credit_stops_the_run(server: Server, connect: Connect, fault: Reply) -> None:
    server.replies.append(fault)
    with pytest.raises(ModelExhausted) as caught:
        await ask(connect)
    assert "API key" not in str(caught.value)
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "fault",
    [
        error(403, "Rate limit exceeded: free-models-per-min."),
        error(429, "You exceeded your current quota", details=[{"quotaId": "GenerateRequestsPerMinutePerModel"}]),
        error(400, "Too many requests, please slow down"),
        error(500, "Context size has been exceeded."),
        error(503, "The content filter is temporarily unavailable"),
        Reply(200, {"id": None, "choices": None, "error": {"message": "Provider returned error", "code": 429}}),
        Reply(200, {"id": "g", "error": {"message": "Upstream overloaded", "code": 502}}),
        Reply(200, {"error": "Model is currently loading"}),
        Reply(200, {"code": "503", "msg": "busy", "success": False}),
        Reply(200, {"object": "error", "message": "Engine loop died", "type": "internal_error", "code": 500}),
        Reply(200, completion("x", choices=[{"error": {"message": "died", "code": 502}, "message": {"content": "x"}}])),
        Reply(200, '{"choices": [' + "[" * 100_000),
        Reply(200, '{"choices": [], "usage": {"prompt_tokens": ' + "9" * 5000 + "}}"),
    ],
    ids=lambda fault: str(fault.body)[:60],
)
async def test_what_may_pass_is_asked_again(server: Server, connect: Connect, fault: Reply) -> None:
    server.replies.append(fault)
    found = await ask(connect)
    assert (found.text, found.retries) == ("echo: PAGE", 1)


async def test_the_text_of_an_error_in_a_success_is_told(server: Server, connect: Connect) -> None:
    fault = {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "queue full"}}}
    server.replies.extend([Reply(200, fault)] * 4)
    with pytest.raises(ModelError, match="HTTP 429: Provider returned error: queue full"):
        await ask(connect)


@pytest.mark.parametrize(
    "fault",
    [
        error(500, "the request exceeds the available context size", type="exceed_context_size_error", n_ctx=4096),
        Reply(400, {"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}),
        error(400, "prompt is too long: 208310 tokens > 200000 maximum"),
        Reply(400, [{"error": {"code": 400, "message": "The input token count (11) exceeds the maximum number of"}}]),
        Reply(400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081"}),
        error(400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        error(400, "Please reduce the length of the messages or completion."),
        error(400, "Range of input length should be [1, 30720]"),
        error(400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
        error(429, "Request too large for gpt-4 on tokens per min (TPM): Limit 10000, Requested 12000."),
        error(400, "Invalid 'messages[0].content': string too long.", code="string_above_max_length"),
        Reply(200, {"error": {"message": "maximum context length is 4096 tokens", "code": 400}}),
    ],
    ids=lambda fault: str(fault.body)[:60],
)
async def test_a_prompt_that_does_not_fit_is_told_at_once(server: Server, connect: Connect, fault: Reply) -> None:
    server.replies.append(fault)
    with pytest.raises(PromptTooLong) as caught:
        await ask(connect)
    assert "[{" not in str(caught.value)
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "fault",
    [
        error(403, "Your chosen model requires moderation and your input was flagged", metadata={"reasons": ["x"]}),
        error(400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
        error(400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
        error(400, "Input data may contain inappropriate content.", code="data_inspection_failed"),
        error(400, "Content Exists Risk"),
    ],
    ids=lambda fault: str(fault.body)[:60],
)
async def test_moderation_is_a_block(server: Server, connect: Connect, fault: Reply) -> None:
    server.replies.append(fault)
    with pytest.raises(ModelBlocked, match="filter"):
        await ask(connect)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            Reply(400, {"object": "error", "message": "System role not supported", "code": 400}),
            "system_as=user_turn",
        ),
        (error(400, "Conversation roles must alternate user/assistant/user/assistant/..."), "system_as=user_turn"),
        (error(400, "`temperature` and `top_p` cannot both be specified for this model."), "-o sampling.top_p=null"),
        (
            error(400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."),
            "-o model.options.max_tokens_field=max_completion_tokens",
        ),
        (
            error(400, "Unsupported value: 'temperature' does not support 0.9 with this model."),
            "sampling.temperature=null",
        ),
        (
            Reply(422, {"detail": [{"type": "x", "loc": ["body", "seed"], "msg": "Extra inputs"}]}),
            "-o sampling.seed=null",
        ),
        (error(500, "image input is not supported - hint: you may need to provide the mmproj"), "-o model.images=none"),
        (error(400, "tiny is not a multimodal model"), "-o model.images=none"),
        (error(501, "This is not supported", type="not_supported_error"), "HTTP 501"),
        (error(500, "no such sampler", type="invalid_request_error"), "no such sampler"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_a_refusal_names_the_setting_that_helps_whatever_its_status(
    server: Server, connect: Connect, fault: Reply, told: str
) -> None:
    server.replies.append(fault)
    with pytest.raises(ModelRefused) as caught:
        await ask(connect)
    assert told in str(caught.value)
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"choice": 7}, "first choice"),
        ({"message": "x"}, "message"),
        ({"usage": [5]}, "usage"),
        ({"content": 7}, "content"),
        ({"content": {"text": "x"}}, "content"),
        ({"content": [7]}, "part"),
        ({"finish_reason": 3}, "finish_reason"),
        ({"prompt_tokens": "12"}, "prompt_tokens"),
        ({"prompt_tokens": -5}, "prompt_tokens"),
        ({"completion_tokens": 2.5}, "completion_tokens"),
        ({"completion_tokens": 10**30}, "completion_tokens"),
        ({"completion_tokens": True}, "completion_tokens"),
        ({"cached_tokens": -1}, "cached_tokens"),
        ({"logprobs": {"content": [{"logprob": "low"}]}}, "logprobs"),
        ({"token_ids": 3}, "token_ids"),
    ],
    ids=str,
)
async def test_a_field_that_holds_what_it_cannot_is_a_model_error(
    server: Server, connect: Connect, change: dict[str, Any], told: str
) -> None:
    message = {"role": "assistant", "content": change.get("content", "x")}
    choice = {"message": message, "finish_reason": "stop"} | {
        name: change[name] for name in ("finish_reason", "logprobs", "token_ids") if name in change
    }
    usage = {"prompt_tokens": 30, "completion_tokens": 5} | {
        name: change[name] for name in ("prompt_tokens", "completion_tokens") if name in change
    }
    choice = change.get("choice", choice | {name: change[name] for name in ("message",) if name in change})
    usage = change.get("usage", usage)
    if "cached_tokens" in change:
        usage["prompt_tokens_details"] = change
    server.replies.append(Reply(200, completion("x", choices=[choice], usage=usage)))
    with pytest.raises(ModelError, match=told):
        await ask(connect)


async def test_the_text_parts_of_a_reply_are_its_text(server: Server, connect: Connect) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "the action is "},
        {"type": "text", "text": "```stop [42]```"},
    ]
    choice = {"message": {"content": parts}, "finish_reason": "stop"}
    server.replies.append(Reply(200, completion(None, choices=[choice])))
    assert (await ask(connect)).text == "the action is ```stop [42]```"


async def test_a_reply_of_twenty_megabytes_is_left_and_does_not_hold_up_others(
    server: Server, connect: Connect
) -> None:
    server.replies.append(Reply(200, json.dumps(completion("x" * 20_000_000))))
    # Of this thread's own time: the machine may be busy with other things.
    longest_s, last_s = 0.0, time.thread_time()
    asking = asyncio.create_task(ask(connect, max_retries=0))
    while not asking.done():
        await asyncio.sleep(0.001)
        longest_s, last_s = max(longest_s, time.thread_time() - last_s), time.thread_time()
    with pytest.raises(ModelError, match="larger than 8 MiB"):
        asking.result()
    assert longest_s < 1


async def test_a_reply_that_drips_is_left_after_the_time_of_the_whole(server: Server, connect: Connect) -> None:
    server.replies.append(Reply(200, completion("x" * 100), drip_s=0.05))
    started_s = time.monotonic()
    with pytest.raises(ModelError, match=r"no reply within 0\.3 s"):
        await ask(connect, timeout_s=0.3, max_retries=0)
    assert time.monotonic() - started_s < 2

"""The Gemini backend over both SDKs against a server on loopback: requests, replies, tokens, the check before a run."""

import asyncio
import base64
import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.models.fake_gemini import NUMBERS, GeminiServer, candidate, model, reply
from tests.models.fake_openai import HANG, Reply, running
from tests.models.gemini_backend import Connect, connecting, spec_for
from webarena_runner.errors import ConfigError, UsageError
from webarena_runner.extras import how_to_install
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.gemini.backend import Gemini
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
JPEG, PNG, WEBP = b"\xff\xd8\xff\xe0 jpeg", b"\x89PNG\r\n", b"RIFF....WEBP"
PROMPT = [
    Message(role="system", content="INTRO"),
    Message(role="system", name="example_user", content="SHOWN"),
    Message(role="system", name="example_assistant", content="REPLY"),
    Message(role="user", content="PAGE"),
]
THRESHOLDS = {"BLOCK_LOW_AND_ABOVE": 1, "BLOCK_MEDIUM_AND_ABOVE": 2, "BLOCK_ONLY_HIGH": 3, "BLOCK_NONE": 4}
ENUMS = {"category": NUMBERS["category"], "threshold": THRESHOLDS}
SNAKE = re.compile("_([a-z])")


def canonical(body: Any, name: str = "") -> Any:
    """A request body in the reference's spelling, where JSON of protocol buffers allows several."""
    if isinstance(body, dict):
        found = {SNAKE.sub(lambda end: end[1].upper(), key): canonical(value, key) for key, value in body.items()}
        if name == "inlineData":
            found["data"] = base64.urlsafe_b64decode(found["data"].replace("+", "-").replace("/", "_"))
        if name == "systemInstruction":
            found.pop("role", None)
        return found
    if isinstance(body, list):
        return [canonical(entry) for entry in body]
    names = {number: value for value, number in ENUMS.get(name, {}).items()}
    return names.get(body, body) if isinstance(body, int) else body


def sent(server: GeminiServer) -> list[Any]:
    return [canonical(request.body) for request in server.chats]


def turn(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


async def test_a_chat_has_the_instructions_as_system_instruction_and_the_examples_as_turns(
    server: GeminiServer, connect: Connect
) -> None:
    await connect().generate(PROMPT, Sampling(), tag=TAG)
    body = sent(server)[0]
    assert body.pop("generationConfig", {}) == {}
    assert body == {
        "systemInstruction": {"parts": [{"text": "INTRO"}]},
        "contents": [turn("user", "SHOWN"), turn("model", "REPLY"), turn("user", "PAGE")],
    }
    assert server.chats[0].path.partition("?")[0] == "/v1beta/models/tiny:generateContent"
    assert server.chats[0].headers["x-goog-api-key"] == "any-key"


async def test_for_models_without_system_instruction_the_instructions_are_an_answered_turn(
    server: GeminiServer, connect: Connect
) -> None:
    await connect(system_as="user_turn").generate(PROMPT, Sampling(), tag=TAG)
    body = sent(server)[0]
    assert "systemInstruction" not in body
    assert body["contents"] == [
        turn("user", "Your instructions:\n\nINTRO"),
        turn("model", "Understood."),
        turn("user", "SHOWN"),
        turn("model", "REPLY"),
        turn("user", "PAGE"),
    ]


async def test_single_mode_has_everything_in_one_user_turn(server: GeminiServer, connect: Connect) -> None:
    await connect(mode="single").generate(PROMPT, Sampling(), tag=TAG)
    body = sent(server)[0]
    assert "systemInstruction" not in body
    assert body["contents"] == [
        turn(
            "user",
            "INTRO\n\n"
            "Some pages, each with the action that was right for it:\n\n"
            "PAGE:\nSHOWN\n\nACTION: REPLY\n\n"
            "Now the page that you are to act on:\n\n"
            "PAGE:\nPAGE\n\nACTION:",
        )
    ]


async def test_turns_of_one_role_become_one_turn(server: GeminiServer, connect: Connect) -> None:
    messages = [Message(role="user", content="ONE"), Message(role="user", content="TWO")]
    await connect().generate(messages, Sampling(), tag=TAG)
    assert sent(server)[0]["contents"] == [turn("user", "ONE", "TWO")]


@pytest.mark.parametrize("mode", ["chat", "single"])
async def test_images_travel_inline_before_their_text(server: GeminiServer, connect: Connect, mode: str) -> None:
    messages = [Message(role="user", content="PAGE", images=(JPEG, PNG, WEBP))]
    await connect(mode=mode).generate(messages, Sampling(), tag=TAG)
    parts = sent(server)[0]["contents"][0]["parts"]
    assert [part["inlineData"] for part in parts[:3]] == [
        {"mimeType": "image/jpeg", "data": JPEG},
        {"mimeType": "image/png", "data": PNG},
        {"mimeType": "image/webp", "data": WEBP},
    ]
    assert "PAGE" in parts[3]["text"]


async def test_sampling_and_options_are_the_generation_config(server: GeminiServer, connect: Connect) -> None:
    options = {"top_k": 5, "candidate_count": 2, "response_mime_type": "application/json"}
    sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=384, stop=("\n\n", "PAGE:"), seed=7)
    await connect(**options).generate(PROMPT, sampling, tag=TAG)
    config = {
        "temperature": 0.0,
        "topP": 0.9,
        "topK": 5,
        "candidateCount": 2,
        "maxOutputTokens": 384,
        "stopSequences": ["\n\n", "PAGE:"],
        "responseMimeType": "application/json",
        "seed": 7,
    }
    assert sent(server)[0]["generationConfig"] == config


async def test_safety_settings_are_sent_by_their_names(server: GeminiServer, connect: Connect) -> None:
    chosen = {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE", "HARM_CATEGORY_DANGEROUS_CONTENT": "BLOCK_ONLY_HIGH"}
    await connect(safety_settings=chosen).generate(PROMPT, Sampling(), tag=TAG)
    settings = sorted(sent(server)[0]["safetySettings"], key=lambda entry: entry["threshold"])
    assert settings == [
        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},
        {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "threshold": "BLOCK_ONLY_HIGH"},
    ]


@pytest.mark.parametrize("sdk", ["google-genai"], indirect=True)
async def test_thinking_is_limited_for_models_that_think(server: GeminiServer, connect: Connect) -> None:
    await connect(thinking_budget=0).generate(PROMPT, Sampling(), tag=TAG)
    await connect(thinking_level="low").generate(PROMPT, Sampling(), tag=TAG)
    assert [body["generationConfig"]["thinkingConfig"] for body in sent(server)] == [
        {"thinkingBudget": 0},
        {"thinkingLevel": "LOW"},
    ]


@pytest.mark.parametrize("sdk", ["google-genai"], indirect=True)
async def test_the_stable_version_of_the_api_can_be_chosen(server: GeminiServer, connect: Connect) -> None:
    await connect(api_version="v1").generate(PROMPT, Sampling(), tag=TAG)
    assert server.chats[0].path == "/v1/models/tiny:generateContent"


async def test_a_proxy_below_a_path_is_reached(server: GeminiServer, connect: Connect) -> None:
    backend = connect(base_url=f"{server.base_url}/some/gateway")
    await backend.check()
    assert (await backend.generate(PROMPT, Sampling(), tag=TAG)).text == "echo: PAGE"
    assert all(request.path.startswith("/some/gateway/v1beta/models/tiny") for request in server.requests)


async def test_a_reply_has_its_text_usage_and_finish_reason(server: GeminiServer, connect: Connect) -> None:
    usage = {
        "promptTokenCount": 900,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 60,
        "cachedContentTokenCount": 512,
        "totalTokenCount": 1000,
    }
    server.replies.append(Reply(200, reply(candidate("```stop ", "[1]```"), usage=usage)))
    found = await connect().generate(PROMPT, Sampling(), tag=TAG)
    assert (found.text, found.finish_reason, found.retries) == ("```stop [1]```", "STOP", 0)
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens) == (900, 100, 512)
    assert 0 < found.latency_s < 5


async def test_a_reply_cut_at_its_limit_is_a_reply(server: GeminiServer, connect: Connect) -> None:
    server.replies.append(Reply(200, reply(candidate("```cli", finish_reason="MAX_TOKENS"))))
    found = await connect().generate(PROMPT, Sampling(), tag=TAG)
    assert (found.text, found.finish_reason) == ("```cli", "MAX_TOKENS")


async def test_the_first_candidate_with_a_text_is_taken(server: GeminiServer, connect: Connect) -> None:
    empty = {"finishReason": "SAFETY", "index": 0}
    server.replies.append(Reply(200, reply(empty, candidate("second", index=1))))
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).text == "second"


async def test_the_smallest_reply_and_fields_that_are_newer_than_the_sdk_are_understood(
    server: GeminiServer, connect: Connect
) -> None:
    server.replies.append(Reply(200, {"candidates": [{"content": {"parts": [{"text": "hi"}]}}]}))
    newer = reply(candidate("ho", newerField=[1]), newerStatus={"a": 1})
    server.replies.append(Reply(200, newer))
    backend = connect()
    first, second = [await backend.generate(PROMPT, Sampling(), tag=TAG) for _ in range(2)]
    assert (first.text, first.prompt_tokens, first.finish_reason.removesuffix("FINISH_REASON_UNSPECIFIED")) == (
        "hi",
        0,
        "",
    )
    assert second.text == "ho"


async def test_tokens_that_only_the_total_tells_are_counted(server: GeminiServer, connect: Connect) -> None:
    usage = {"promptTokenCount": 30, "candidatesTokenCount": 3, "totalTokenCount": 733}
    server.replies.append(Reply(200, reply(candidate("hi"), usage=usage)))
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).completion_tokens == 703


async def test_thoughts_are_not_part_of_the_text(server: GeminiServer, connect: Connect) -> None:
    content = {"role": "model", "parts": [{"text": "Let me think.", "thought": True}, {"text": "```stop [1]```"}]}
    server.replies.append(Reply(200, reply({"content": content, "finishReason": "STOP"})))
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).text == "```stop [1]```"


async def test_all_requests_are_under_way_at_once_and_the_event_loop_stays_free(
    server: GeminiServer, connect: Connect
) -> None:
    backend = connect()
    server.replies.extend([HANG] * 32)
    waiting = [asyncio.create_task(backend.generate(PROMPT, Sampling(), tag=TAG)) for _ in range(32)]
    async with asyncio.timeout(5):
        await server.until(lambda: server.in_flight == 32)
    for task in waiting:
        task.cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, asyncio.CancelledError) for error in ended)
    async with asyncio.timeout(5):
        await server.until(lambda: server.in_flight == 0)


async def test_concurrent_requests_each_get_their_own_reply(connect: Connect) -> None:
    backend = connect()
    prompts = [[Message(role="user", content=f"page {number}")] for number in range(32)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(backend.generate(prompt, Sampling(), tag=TAG)) for prompt in prompts]
    assert [task.result().text for task in tasks] == [f"echo: page {number}" for number in range(32)]


async def test_two_backends_in_one_process_have_their_own_keys_and_servers(server: GeminiServer, sdk: str) -> None:
    async with running(GeminiServer(key="two")) as other, connecting(server, sdk) as one:
        server.key = "one"
        async with connecting(other, sdk) as two:
            backends = [one(key="one"), two(key="two")]
            found = [await backend.generate(PROMPT, Sampling(), tag=TAG) for backend in backends]
    assert [reply.text for reply in found] == ["echo: PAGE"] * 2
    assert (len(server.chats), len(other.chats)) == (1, 1)


async def test_the_observation_is_cut_in_characters_and_tokens_are_estimated_by_words(connect: Connect) -> None:
    backend = connect()
    assert backend.observation_unit == "characters"
    assert backend.estimates_tokens
    assert await backend.count_tokens("one two " * 30) == 100
    assert await backend.truncate("one two " * 30, 50) == "one two " * 15


async def test_the_server_counts_tokens_and_a_text_is_cut_until_its_count_fits(
    server: GeminiServer, connect: Connect
) -> None:
    backend = connect(token_counts="server")
    text = "word " * 10 + "longer-word " * 30
    assert await backend.count_tokens(text) == 40
    assert not backend.estimates_tokens
    cut = await backend.truncate(text, 20)
    assert text.startswith(cut)
    assert 15 <= len(cut.split()) <= 20
    assert await backend.truncate(text, 40) == text
    assert await backend.truncate(text, 0) == ""
    assert {request.path.partition("?")[0] for request in server.requests} == {"/v1beta/models/tiny:countTokens"}


async def test_the_check_learns_the_context_window(
    server: GeminiServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    unknown, narrower, wider = connect(), connect(context_window=2048), connect(context_window=1_000_000)
    for backend in (unknown, narrower, wider):
        await backend.check()
    assert [backend.context_window for backend in (unknown, narrower, wider)] == [32768, 2048, 32768]
    assert "takes 32768 tokens of prompt" in caplog.text


async def test_the_check_of_an_unknown_model_lists_all_pages_of_models(server: GeminiServer, connect: Connect) -> None:
    server.models = [model(f"gemini-{number}-pro") for number in range(5)]
    server.page_size = 2
    with pytest.raises(ConfigError, match=r"unknown model 'gemini-2-por' \(did you mean 'gemini-2-pro'\?\)") as caught:
        await connect(model="gemini-2-por").check()
    assert all(f"gemini-{number}-pro" in str(caught.value) for number in range(5))


async def test_the_check_refuses_a_model_that_does_not_generate(server: GeminiServer, connect: Connect) -> None:
    server.models = [model("embedder", supportedGenerationMethods=["embedContent"])]
    with pytest.raises(ConfigError, match="only does embedContent"):
        await connect(model="embedder").check()


async def test_the_check_names_the_variable_of_a_wrong_key(server: GeminiServer, connect: Connect) -> None:
    server.key = "right"
    with pytest.raises(ConfigError, match="GEMINI_API_KEY") as caught:
        await connect(key="wrong-99").check()
    assert "wrong-99" not in str(caught.value)


async def test_the_check_of_a_server_that_is_not_there_is_a_usage_error(unused_tcp_port: int, connect: Connect) -> None:
    with pytest.raises(UsageError, match="connection failed"):
        await connect(base_url=f"http://127.0.0.1:{unused_tcp_port}").check()


async def test_the_end_of_the_older_sdks_support_is_told_once(
    server: GeminiServer, connect: Connect, sdk: str, caplog: pytest.LogCaptureFixture
) -> None:
    await connect().check()
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warned) == (1 if sdk == "google-generativeai" else 0)
    assert all("has ended" in record.getMessage() for record in warned)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"model": ""}, "`model` is not set"),
        ({"base_url": "127.0.0.1:8000"}, "expected https://HOST"),
        ({"base_url": "http://me:secret@host"}, "api_key_env"),
        ({"api_key_env": "NOT_SET"}, "NOT_SET"),
        ({"timeout": 3}, "timeout_s"),
        ({"mode": "completion"}, "mode"),
        ({"top_k": 0}, "top_k"),
        ({"safety_settings": {"HARM_CATEGORY_HARASMENT": "BLOCK_NONE"}}, "did you mean 'HARM_CATEGORY_HARASSMENT'"),
        ({"safety_settings": {"HARM_CATEGORY_HARASSMENT": "none"}}, "did you mean 'BLOCK_NONE'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_options_are_told_before_any_request(sdk: str, options: dict[str, Any], told: str) -> None:
    spec = spec_for(GeminiServer(port=1), sdk, **options)
    environ = {"GEMINI_API_KEY": "k"}
    with pytest.raises(ConfigError) as caught:
        Gemini(spec, environ=environ)
    assert told in str(caught.value)
    assert "under-test" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert Gemini.availability(spec, environ) is not None


@pytest.mark.parametrize(
    "options",
    [
        {"thinking_budget": 0},
        {"api_version": "v1"},
        {"safety_settings": {"HARM_CATEGORY_HARASSMENT": "OFF"}},
        {"safety_settings": {"HARM_CATEGORY_CIVIC_INTEGRITY": "BLOCK_NONE"}},
    ],
    ids=str,
)
def test_what_the_older_sdk_lacks_is_told(options: dict[str, Any]) -> None:
    spec = spec_for(GeminiServer(port=1), "google-generativeai", **options)
    with pytest.raises(ConfigError, match="google-generativeai has no .*set sdk: google-genai"):
        Gemini(spec, environ={"GEMINI_API_KEY": "k"})
    assert (
        Gemini.availability(spec_for(GeminiServer(port=1), "google-genai", **options), {"GEMINI_API_KEY": "k"}) is None
    )


def test_the_api_of_google_counts_as_available_without_being_asked(sdk: str) -> None:
    spec = ModelSpec(name="m", backend="gemini", model="gemini-2.5-flash", options={"sdk": sdk})
    assert Gemini.availability(spec, {"GEMINI_API_KEY": "k"}) is None


def test_without_the_extra_the_options_can_be_read_and_the_error_names_it() -> None:
    script = """
import sys
for name in ("google.genai", "google.generativeai"):
    sys.modules[name] = None
from webarena_runner.settings.records import ModelSpec
from webarena_runner.models.gemini.backend import Gemini
for sdk in ("google-genai", "google-generativeai"):
    spec = ModelSpec(name="m", backend="gemini", model="x", options={"sdk": sdk})
    print(Gemini.availability(spec, {"GEMINI_API_KEY": "k"}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(how_to_install("gemini") in line for line in lines)


async def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).text == "echo: PAGE"


async def test_other_settings_of_googles_packages_in_the_environment_change_nothing(
    server: GeminiServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    monkeypatch.setenv("GOOGLE_API_KEY", "another-key")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).text == "echo: PAGE"
    assert server.chats[0].headers["x-goog-api-key"] == "any-key"

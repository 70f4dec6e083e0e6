"""The OpenAI-compatible backend against a server on loopback: requests, replies, tokens, the check before a run."""

import asyncio
import logging

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion, error
from webarena_runner.errors import ConfigError, ModelError, ModelRefused, UsageError
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
PROMPT = [
    Message(role="system", content="INTRO"),
    Message(role="system", name="example_user", content="SHOWN"),
    Message(role="system", name="example_assistant", content="REPLY"),
    Message(role="user", content="PAGE"),
]


async def test_examples_as_turns_are_plain_user_and_assistant_messages(server: Server, connect: Connect) -> None:
    await connect(example_roles="turns").generate(PROMPT, Sampling(), tag=TAG)
    assert server.chats[0].body["messages"] == [
        {"role": "system", "content": "INTRO"},
        {"role": "user", "content": "SHOWN"},
        {"role": "assistant", "content": "REPLY"},
        {"role": "user", "content": "PAGE"},
    ]


async def test_examples_in_the_official_form_are_named_system_messages(server: Server, connect: Connect) -> None:
    await connect(example_roles="official").generate(PROMPT, Sampling(), tag=TAG)
    assert server.chats[0].body["messages"] == [
        {"role": "system", "content": "INTRO"},
        {"role": "system", "name": "example_user", "content": "SHOWN"},
        {"role": "system", "name": "example_assistant", "content": "REPLY"},
        {"role": "user", "content": "PAGE"},
    ]


async def test_an_image_travels_in_the_message(server: Server, connect: Connect) -> None:
    await connect().generate([Message(role="user", content="PAGE", images=(b"\xff\xd8jpeg",))], Sampling(), tag=TAG)
    assert server.chats[0].body["messages"][0]["content"] == [
        {"type": "text", "text": "PAGE"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9hqcGVn"}},
    ]


async def test_only_sampling_that_is_set_is_sent(server: Server, connect: Connect) -> None:
    backend = connect(extra_body={"top_k": 5})
    await backend.generate(PROMPT, Sampling(), tag=TAG)
    await backend.generate(
        PROMPT, Sampling(temperature=0.0, top_p=0.9, max_tokens=384, stop=("\n\n",), seed=1), tag=TAG
    )
    sent = [{key: value for key, value in chat.body.items() if key != "messages"} for chat in server.chats]
    assert sent == [
        {"model": "tiny", "top_k": 5},
        {"model": "tiny", "top_k": 5}
        | {"temperature": 0.0, "top_p": 0.9, "max_tokens": 384, "stop": ["\n\n"], "seed": 1},
    ]


async def test_newer_models_take_the_reply_limit_under_another_name(server: Server, connect: Connect) -> None:
    await connect(max_tokens_field="max_completion_tokens").generate(PROMPT, Sampling(max_tokens=9), tag=TAG)
    assert server.chats[0].body["max_completion_tokens"] == 9
    assert "max_tokens" not in server.chats[0].body


async def test_a_reply_has_its_text_usage_latency_and_finish_reason(server: Server, connect: Connect) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 40, "prompt_tokens_details": {"cached_tokens": 512}}
    server.replies.append(Reply(200, completion("```stop [1]```", usage=usage)))
    found = await connect().generate(PROMPT, Sampling(), tag=TAG)
    assert (found.text, found.finish_reason, found.retries) == ("```stop [1]```", "stop", 0)
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens) == (900, 40, 512)
    assert 0 < found.latency_s < 5


@pytest.mark.parametrize(
    ("body", "text", "finish_reason"),
    [
        (completion(None), "", "stop"),
        (
            completion("x", choices=[{"index": 0, "message": {"content": "cut o"}, "finish_reason": "length"}]),
            "cut o",
            "length",
        ),
        (completion("half \ud83d"), "half \ufffd", "stop"),
        (completion("x", usage=None), "x", "stop"),
    ],
)
async def test_an_odd_reply_is_still_a_completion(
    server: Server, connect: Connect, body: object, text: str, finish_reason: str
) -> None:
    server.replies.append(Reply(200, body))
    found = await connect().generate(PROMPT, Sampling(), tag=TAG)
    assert (found.text, found.finish_reason) == (text, finish_reason)
    assert found.model_dump_json()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"generated_text": "hello"}),
        Reply(200, "<html>a page</html>", {"Content-Type": "text/html"}),
        Reply(200, []),
    ],
)
async def test_a_server_that_speaks_something_else_is_a_model_error(
    server: Server, connect: Connect, reply: Reply
) -> None:
    server.replies.append(reply)
    with pytest.raises(ModelError, match="no chat completion"):
        await connect().generate(PROMPT, Sampling(), tag=TAG)


async def test_concurrent_requests_each_get_their_own_reply(server: Server, connect: Connect) -> None:
    backend = connect()
    prompts = [[Message(role="user", content=f"page {number}")] for number in range(64)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(backend.generate(prompt, Sampling(), tag=TAG)) for prompt in prompts]
    assert [task.result().text for task in tasks] == [f"echo: page {number}" for number in range(64)]


async def test_each_request_carries_an_id_that_names_its_step(server: Server, connect: Connect) -> None:
    server.replies.append(error(500, "once"))
    await connect().generate(PROMPT, Sampling(), tag=TAG)
    ids = [request.headers["x-request-id"] for request in server.chats]
    assert all(name.startswith("mini.3.0.5-") for name in ids)
    assert len(set(ids)) == 2


async def test_the_key_comes_from_the_named_variable(server: Server, connect: Connect) -> None:
    server.key = "sk-right"
    found = await connect(api_key_env="SOME_KEY", environ={"SOME_KEY": "sk-right"}).generate(
        PROMPT, Sampling(), tag=TAG
    )
    assert found.text == "echo: PAGE"


async def test_without_a_model_name_the_servers_only_model_is_asked(server: Server, connect: Connect) -> None:
    await connect(model="").generate(PROMPT, Sampling(), tag=TAG)
    assert server.chats[0].body["model"] == "tiny"


async def test_without_a_model_name_several_models_are_an_error_that_lists_them(
    server: Server, connect: Connect
) -> None:
    server.models.append({"id": "other"})
    with pytest.raises(ModelRefused, match="tiny, other"):
        await connect(model="").generate(PROMPT, Sampling(), tag=TAG)
    with pytest.raises(ConfigError, match="set `model`"):
        await connect(model="").check()


async def test_the_check_learns_the_context_window_from_the_server(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server.models[0]["max_model_len"] = 4096
    unknown, narrower, wider = connect(), connect(context_window=2048), connect(context_window=8192)
    for backend in (unknown, narrower):
        await backend.check()
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        await wider.check()
    assert (unknown.context_window, narrower.context_window, wider.context_window) == (4096, 2048, 4096)
    assert "4096" in caplog.text


async def test_the_check_names_a_model_that_is_near(connect: Connect) -> None:
    with pytest.raises(ConfigError, match="unknown model 'tinny'.*did you mean 'tiny'.*server's models: tiny"):
        await connect(model="tinny").check()


async def test_the_check_names_the_variable_of_a_wrong_key(server: Server, connect: Connect) -> None:
    server.key = "sk-right"
    with pytest.raises(ConfigError, match="SOME_KEY") as caught:
        await connect(api_key_env="SOME_KEY", environ={"SOME_KEY": "sk-wrong-9"}).check()
    assert "sk-wrong-9" not in str(caught.value)


async def test_the_check_of_a_server_that_is_not_there_says_how_to_start_it(
    unused_tcp_port: int, connect: Connect
) -> None:
    backend = connect(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1", start_command="vllm serve X")
    with pytest.raises(UsageError, match="start it with: vllm serve X"):
        await backend.check()


async def test_the_check_of_a_url_without_the_api_path_hints_at_it(server: Server, connect: Connect) -> None:
    with pytest.raises(ConfigError, match="404"):
        await connect(base_url=server.base_url.removesuffix("/v1")).check()
    server.routes["/models"] = lambda _: Reply(200, "<html></html>", {"Content-Type": "text/html"})
    with pytest.raises(ConfigError, match=r"\.\.\./v1"):
        await connect(base_url=server.base_url.removesuffix("/v1")).check()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"base_url": ""}, "-o model.options.base_url"),
        ({"base_url": "127.0.0.1:8000"}, "expected http://HOST:PORT/v1"),
        ({"base_url": "http://me:secret@host/v1"}, "api_key_env"),
        ({"base_url": "http://host:70000/v1"}, "expected http://HOST:PORT/v1"),
        ({"base_url": "http://host:PORT/v1"}, "expected http://HOST:PORT/v1"),
        ({"base_url": "http://h/v1", "api_key_env": "NOT_SET"}, "NOT_SET"),
        ({"base_url": "http://h/v1", "timeout": 3}, "timeout_s"),
        ({"base_url": "http://h/v1", "timeout_s": -1}, "timeout_s"),
        ({"base_url": "http://h/v1", "example_roles": "none"}, "example_roles"),
    ],
)
def test_wrong_options_are_told_before_any_request(options: dict[str, object], told: str) -> None:
    spec = ModelSpec(name="mine", backend="openai_chat", options=options)
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(spec, environ={})
    assert told in str(caught.value)
    assert "mine" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert OpenAIChat.availability(spec, {}) is not None


def test_a_remote_server_counts_as_available_without_being_asked() -> None:
    spec = ModelSpec(name="m", backend="openai_chat", options={"base_url": "https://api.invalid/v1"})
    assert OpenAIChat.availability(spec, {}) is None


async def test_a_local_server_is_available_when_it_listens(server: Server, unused_tcp_port: int) -> None:
    def spec(url: str) -> ModelSpec:
        return ModelSpec(name="m", backend="openai_chat", options={"base_url": url, "start_command": "serve it"})

    assert OpenAIChat.availability(spec(server.base_url), {}) is None
    reason = OpenAIChat.availability(spec(f"http://127.0.0.1:{unused_tcp_port}/v1"), {})
    assert reason is not None
    assert "serve it" in reason


async def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (await connect().generate(PROMPT, Sampling(), tag=TAG)).text == "echo: PAGE"

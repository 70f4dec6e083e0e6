"""The option `logprobs`: token ids and log-probabilities in a completion, as each server documents them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.models.contract.subject import QUICK, ask, opened, spec_of
from tests.models.fake_openai import Reply, Server, completion, running
from tests.models.fake_tgi import TgiServer
from webarena_runner import registry
from webarena_runner.errors import ConfigError, ModelRefused
from webarena_runner.interfaces import ModelBackend
from webarena_runner.types import Completion

LISTED = {
    "content": [
        {"token": "st", "logprob": -0.25, "bytes": None, "top_logprobs": []},
        {"token": "op", "logprob": -1.5, "bytes": None, "top_logprobs": []},
    ]
}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def chat_reply(*, token_ids: list[int] | None = None, **change: Any) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", "content": "stop"}, "finish_reason": "stop"}
    ids = {} if token_ids is None else {"token_ids": token_ids}
    return Reply(200, completion("stop", choices=[choice | {"logprobs": LISTED} | ids], **change))


@asynccontextmanager
async def connected(kind: str, server: Server, **options: Any) -> AsyncIterator[ModelBackend]:
    given = {**QUICK, "base_url": server.base_url, **options}
    async with opened(registry.load("models", kind)(spec_of(kind, "", given), environ={})) as backend:
        yield backend


def tokens_of(reply: Completion) -> tuple[Any, Any, Any]:
    return reply.prompt_token_ids, reply.token_ids, reply.logprobs


async def test_openais_chat_route_gives_log_probabilities_and_no_ids() -> None:
    async with running(Server()) as server, connected("openai_chat", server, logprobs=True) as backend:
        server.replies.append(chat_reply())
        reply = await ask(backend, "go")
    assert server.chats[-1].body["logprobs"] is True
    assert tokens_of(reply) == (None, None, (-0.25, -1.5))


async def test_nothing_is_asked_for_and_nothing_goes_to_disk_without_the_option() -> None:
    async with running(Server()) as server, connected("openai_chat", server) as backend:
        reply = await ask(backend, "go")
    assert "logprobs" not in server.chats[-1].body
    assert tokens_of(reply) == (None, None, None)
    assert not {"prompt_token_ids", "token_ids", "logprobs"} & json.loads(reply.model_dump_json()).keys()


def test_what_is_there_goes_to_disk_and_back() -> None:
    reply = Completion(text="stop", prompt_token_ids=(1, 2), token_ids=(3, 4), logprobs=(-0.25, -1.5))
    assert Completion.model_validate_json(reply.model_dump_json()) == reply


async def test_a_server_that_sends_none_is_told_apart_from_a_reply() -> None:
    async with running(Server()) as server, connected("openai_chat", server, logprobs=True) as backend:
        with pytest.raises(ModelRefused, match="the reply has no log-probabilities; set options.logprobs: false"):
            await ask(backend, "go")


async def test_vllms_chat_route_gives_ids_too() -> None:
    async with running(Server()) as server:
        server.routes["/tokenize"] = lambda _: Reply(200, {"tokens": [5], "count": 1, "max_model_len": 4096})
        async with connected("vllm-server", server, logprobs=True, extra_body={"min_p": 0.1}) as backend:
            server.replies.append(chat_reply(token_ids=[8, 9], prompt_token_ids=[1, 2, 3]))
            reply = await ask(backend, "go")
    asked = server.chats[-1].body
    assert (asked["logprobs"], asked["return_token_ids"], asked["min_p"]) == (True, True, 0.1)
    assert tokens_of(reply) == ((1, 2, 3), (8, 9), (-0.25, -1.5))


async def test_vllms_completion_route_gives_the_same() -> None:
    choice = {
        "text": "stop",
        "finish_reason": "stop",
        "logprobs": {"tokens": ["st", "op"], "token_logprobs": [-0.25, -1.5], "top_logprobs": [], "text_offset": []},
        "token_ids": [8, 9],
        "prompt_token_ids": [1, 2, 3],
    }
    bodies = []

    def complete(body: Any) -> Reply:
        bodies.append(body)
        return Reply(200, {"choices": [choice], "usage": USAGE})

    async with running(Server()) as server:
        server.routes["/tokenize"] = lambda _: Reply(200, {"tokens": [5], "count": 1, "max_model_len": 4096})
        server.routes["/v1/completions"] = complete
        async with connected("vllm-server", server, logprobs=True, prompt_format="llama3") as backend:
            reply = await ask(backend, "go", max_tokens=9)
    assert (bodies[0]["logprobs"], bodies[0]["return_token_ids"]) == (0, True)
    assert tokens_of(reply) == ((1, 2, 3), (8, 9), (-0.25, -1.5))


async def test_tgis_chat_route_gives_log_probabilities() -> None:
    async with running(TgiServer()) as server, connected("tgi", server, logprobs=True) as backend:
        server.replies.append(chat_reply())
        reply = await ask(backend, "go")
    assert server.generations[-1].body["logprobs"] is True
    assert tokens_of(reply) == (None, None, (-0.25, -1.5))


@pytest.mark.parametrize("prefill", [[], [{"id": 1, "text": "go", "logprob": None}]])
async def test_tgis_own_route_gives_ids_and_those_of_the_prompt_where_it_lists_them(prefill: list[Any]) -> None:
    tokens = [
        {"id": 8, "text": "st", "logprob": -0.25, "special": False},
        {"id": 9, "text": "op", "logprob": -1.5, "special": False},
    ]
    details = {"finish_reason": "eos_token", "generated_tokens": 2, "prefill": prefill, "tokens": tokens}
    body = {"generated_text": "stop", "details": details}
    async with (
        running(TgiServer()) as server,
        connected("tgi", server, prompt_format="llama3", logprobs=True) as backend,
        connected("tgi", server, prompt_format="llama3") as without,
    ):
        server.replies += [Reply(200, body), Reply(200, body)]
        reply, plain = await ask(backend, "go"), await ask(without, "go")
    assert tokens_of(reply) == ((1,) if prefill else None, (8, 9), (-0.25, -1.5))
    assert tokens_of(plain) == (None, None, None)


@pytest.mark.parametrize("kind", ["gemini", "replay"])
def test_a_backend_that_cannot_tell_does_not_take_the_option(kind: str) -> None:
    with pytest.raises(ConfigError, match=f"options of backend {kind}.*'logprobs'"):
        registry.load("models", kind)(spec_of(kind, "m", {"logprobs": True}), environ={"GEMINI_API_KEY": "k"})

"""What servers with OpenAI's API tell of themselves before a run, and what is asked of them then."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordLevel

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion, error
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import RequestTag, form_fault, tools_fault
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Message, Sampling

TAG = RequestTag("mini", 3, 0, 5)
PROPS = {
    "default_generation_settings": {
        "n_ctx": 2048,
        "params": {"top_k": 40, "min_p": 0.05, "typical_p": 1.0, "repeat_penalty": 1.1, "temperature": 0.8},
    },
    "total_slots": 4,
    "build_info": "b7000-abc",
}


def serve(server: Server, path: str, body: Any, *, status: int = 200) -> None:
    server.routes[path] = lambda _: Reply(status, body)


# --- the list of models -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "listed", "wanted"),
    [
        (404, {"detail": "Not Found"}, "m"),
        (405, {"detail": "Method Not Allowed"}, "m"),
        (403, {"error": {"message": "admins only"}}, "m"),
        (200, {"object": "list", "data": [{"id": "llama3:latest"}]}, "llama3"),
        (200, {"object": "list", "data": [{"id": "models/gem-2"}]}, "gem-2"),
        (200, {"object": "list", "data": [{"id": "base-model"}]}, "my-deployment"),
        (500, {"error": "no list"}, "m"),
        (200, {"object": "list", "data": None}, "m"),
        (200, {"object": "list", "data": [7, {"id": None}]}, "m"),
        (200, "<html></html>", "m"),
    ],
)
async def test_the_list_of_models_only_warns(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture, status: int, listed: Any, wanted: str
) -> None:
    serve(server, "/v1/models", listed, status=status)
    serve(server, "/v1/chat/completions", completion("hello"))
    backend = connect(model=wanted)
    with caplog.at_level(logging.WARNING):
        await backend.check()
    assert wanted in caplog.text
    assert (await backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG)).text == "hello"
    assert {request.body["model"] for request in server.chats} == {wanted}


async def test_without_a_list_and_a_name_it_says_what_was_asked_for_and_what_to_set(
    server: Server, connect: Connect
) -> None:
    serve(server, "/v1/models", {"detail": "Not Found"}, status=404)
    with pytest.raises(ConfigError, match="404.*asked for the list of its models.*base_url.*-o model.model=NAME"):
        await connect(model="").check()


async def test_a_list_without_a_name_and_an_alias_need_no_warning(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    serve(server, "/v1/models", [{"id": "m", "context_length": 8192, "aliases": ["short"]}])
    serve(server, "/v1/chat/completions", completion("hello"))
    for wanted in ("m", "short"):
        backend = connect(model=wanted)
        await backend.check()
        assert backend.context_window == 8192
    assert caplog.records == []


@pytest.mark.parametrize("listed", [["m"], {"models": [{"name": "m"}]}, {"data": [{"id": "m"}]}], ids=str)
async def test_the_only_model_is_found_in_lists_of_any_form(server: Server, connect: Connect, listed: Any) -> None:
    serve(server, "/v1/models", listed)
    serve(server, "/v1/chat/completions", completion("hello"))
    backend = connect(model="")
    await backend.check()
    await backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG)
    assert server.chats[0].body["model"] == "m"


async def test_headers_and_query_go_with_each_request(server: Server, connect: Connect) -> None:
    serve(server, "/v1/chat/completions?api-version=7", error(500, "bad key-123").body, status=400)
    backend = connect(
        query={"api-version": "7"},
        headers={"X-Title": "wa"},
        headers_env={"api-key": "AZURE_KEY"},
        environ={"AZURE_KEY": "key-123"},
    )
    with pytest.raises(Exception, match=r"bad \[key\]"):
        await backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG)
    sent = server.requests[0]
    assert sent.path.endswith("?api-version=7")
    assert (sent.headers["x-title"], sent.headers["api-key"]) == ("wa", "key-123")


# --- the context window -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"context_length": 4096}, 4096),
        ({"context_length": 9000, "top_provider": {"context_length": 4096}}, 4096),
        ({"context_window": 4096}, 4096),
        ({"max_context_length": 4096}, 4096),
        ({"state": "loaded", "max_context_length": 9000, "loaded_context_length": 4096}, 4096),
        ({"max_input_tokens": "4096"}, 4096),
        ({"meta": {"n_ctx": 2048, "n_ctx_train": 8192}}, 2048),
        ({"meta": {"n_ctx_train": 8192}}, None),
        ({"max_model_len": True, "context_length": -1, "context_window": 0.5, "meta": None}, None),
    ],
    ids=str,
)
async def test_the_window_is_read_from_the_fields_of_each_server(
    server: Server, connect: Connect, entry: dict[str, Any], window: int | None
) -> None:
    server.models[0] |= entry
    backend = connect()
    await backend.check()
    assert backend.context_window == window


@pytest.mark.parametrize(
    ("routes", "window"),
    [
        # Of one slot: llama.cpp has divided by their number already.
        ({"/props?model=tiny": PROPS, "/props": PROPS}, 2048),
        ({"/api/ps": {"models": [{"name": "tiny:latest", "context_length": 4096}]}}, 4096),
        ({"/api/ps": {"models": []}, "/api/show": {"parameters": "num_ctx     3000\ntop_k   20"}}, 3000),
        ({"/api/ps": {"models": []}, "/api/show": {"model_info": {"llama.context_length": 131072}}}, None),
        ({"/api/v0/models/tiny": {"id": "tiny", "max_context_length": 9000, "loaded_context_length": 4096}}, 4096),
        ({"/model/info": {"data": [{"model_name": "tiny", "model_info": {"max_input_tokens": 4000}}]}}, 4000),
        ({}, None),
    ],
    ids=["llama.cpp", "Ollama", "Ollama-not-loaded", "Ollama-trained", "LM Studio", "LiteLLM", "none"],
)
async def test_the_window_is_asked_for_where_the_list_does_not_say(
    server: Server, connect: Connect, routes: Mapping[str, Any], window: int | None
) -> None:
    for path, body in routes.items():
        serve(server, path, body)
    backend = connect()
    await backend.check()
    assert backend.context_window == window


async def test_the_window_of_a_model_that_its_first_request_loads_is_learnt_from_it(
    server: Server, connect: Connect
) -> None:
    server.models[0]["owned_by"] = "library"
    server.routes["/api/ps"] = lambda _: Reply(
        200, {"models": [{"model": "tiny", "context_length": 4096}] if server.chats else []}
    )
    backend = connect()
    await backend.check()
    assert backend.context_window is None
    await backend.probe()
    assert backend.context_window == 4096


# --- samplers of the server -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "props", "neutral"),
    [
        ("llamacpp", PROPS, {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}),
        ("llamacpp", {"default_generation_settings": {"n_ctx": 8, "top_k": 40, "min_p": 0.0}}, {"top_k": 0}),
        ("llamacpp", None, {"top_k": 0, "min_p": 0.0}),
        ("vllm", None, {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("sglang", None, {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("openai", None, {}),
    ],
)
async def test_samplers_that_a_server_adds_are_switched_off(
    server: Server, connect: Connect, owner: str, props: Any, neutral: dict[str, float]
) -> None:
    server.models[0] |= {"owned_by": owner, "max_model_len": 4096}
    if props is not None:
        serve(server, "/props?model=tiny", props)
    sent = []
    for options in ({}, {"sampler_defaults": "server"}, {"extra_body": {"top_k": 7}}):
        backend = connect(**options)
        await backend.check()
        await backend.generate([Message(role="user", content="PAGE")], Sampling(top_p=0.9), tag=TAG)
        body = server.chats[-1].body
        sent.append({key: value for key, value in body.items() if key not in ("model", "messages", "top_p")})
        told = backend.facts.get("samplers of the model server that are switched off", "")
        assert all(f"{name}=" in told for name in neutral)
    assert sent == [neutral, {}, neutral | {"top_k": 7}]


@pytest.mark.parametrize(
    ("owner", "temperature", "options", "top_k"),
    [
        ("llamacpp", 0.0, {}, 1),
        ("llamacpp", 0.5, {}, 0),
        ("llamacpp", 0.0, {"sampler_defaults": "server"}, None),
        ("llamacpp", 0.0, {"extra_body": {"top_k": 3}}, 3),
        ("vllm", 0.0, {}, -1),
    ],
)
async def test_greedy_replies_of_llama_cpp_do_not_weigh_the_whole_vocabulary(
    server: Server, connect: Connect, owner: str, temperature: float, options: dict[str, Any], top_k: int | None
) -> None:
    server.models[0] |= {"owned_by": owner, "max_model_len": 4096}
    serve(server, "/props?model=tiny", PROPS)
    backend = connect(**options)
    await backend.check()
    await backend.generate([Message(role="user", content="PAGE")], Sampling(temperature=temperature), tag=TAG)
    assert server.chats[-1].body.get("top_k") == top_k


async def test_samplers_that_cannot_be_switched_off_are_told(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server.models[0]["owned_by"] = "library"
    serve(server, "/api/show", {"parameters": "repeat_penalty   1.3\nstop  x"})
    backend = connect()
    await backend.check()
    added = backend.facts["samplers of the model server that cannot be switched off"]
    assert added == "top_k=40, repeat_penalty=1.3"
    assert "repeat_penalty" in caplog.text


# --- one request before a run -----------------------------------------------------------------------------------------


async def test_a_refusal_that_every_request_would_get_is_found_by_a_request_for_one_token(
    server: Server, connect: Connect
) -> None:
    refusal = error(400, "`temperature` and `top_p` cannot both be specified for this model.")
    server.routes["/v1/chat/completions"] = lambda _: refusal
    backend = connect(sampling=Sampling(temperature=1.0, top_p=0.9, max_tokens=384))
    await backend.check()
    with pytest.raises(ConfigError, match=r"-o sampling\.top_p=null"):
        await backend.probe()
    assert [chat.body["max_tokens"] for chat in server.chats] == [1, 384]
    assert {(chat.body["temperature"], chat.body["top_p"]) for chat in server.chats} == {(1.0, 0.9)}


async def test_a_model_that_refuses_so_short_a_reply_is_asked_for_a_whole_one(server: Server, connect: Connect) -> None:
    server.replies.append(error(400, "Could not finish the message because max_tokens was reached."))
    backend = connect(sampling=Sampling(max_tokens=384))
    await backend.probe()
    await backend.probe()
    assert [chat.body["max_tokens"] for chat in server.chats] == [1, 384]


@pytest.mark.parametrize(
    "reply",
    [error(503, "busy"), Reply(200, completion(None)), error(400, "Content Exists Risk")],
    ids=["503", "no text", "blocked"],
)
async def test_what_may_not_befall_the_run_does_not_keep_it_from_starting(
    server: Server, connect: Connect, reply: Reply
) -> None:
    server.replies.extend([reply] * 2)
    await connect().probe()


async def test_a_picture_for_a_model_that_cannot_see_is_found_by_the_check(server: Server, connect: Connect) -> None:
    refusal = error(500, "image input is not supported - hint: you may need to provide the mmproj", code=500)
    server.routes["/v1/chat/completions"] = lambda _: refusal
    await connect().check()
    assert server.chats == []
    with pytest.raises(ConfigError, match=r"-o model\.images=none"):
        await connect(images="screenshot").check()
    parts = server.chats[0].body["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert len(server.chats) == 2


async def test_instructions_can_be_a_user_turn_that_has_been_answered(server: Server, connect: Connect) -> None:
    prompt = [
        Message(role="system", content="INTRO"),
        Message(role="system", name="example_user", content="SHOWN"),
        Message(role="system", name="example_assistant", content="REPLY"),
        Message(role="user", content="PAGE"),
    ]
    await connect(system_as="user_turn", example_roles="official").generate(prompt, Sampling(), tag=TAG)
    sent = server.chats[0].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user", "assistant", "user"]
    assert "INTRO" in sent[0]["content"]
    assert [message["content"] for message in sent[2:]] == ["SHOWN", "REPLY", "PAGE"]


def test_the_name_of_a_variable_with_a_header_is_no_secret(tmp_path: Path) -> None:
    options = {"base_url": "https://host/v1", "headers_env": {"api-key": "AZURE_OPENAI_API_KEY"}}
    path = tmp_path / "azure.yaml"
    path.write_text(json.dumps({"backend": "openai_chat", "model": "m", "options": options}))
    spec = load_model_spec(str(path))
    assert OpenAIChat.availability(spec, {}) == (
        "the environment variable AZURE_OPENAI_API_KEY with the header api-key is not set"
    )


@pytest.mark.parametrize(
    ("owner", "options", "sent"),
    [
        ("llamacpp", {}, "a <\u200b|eot_id|> [b]"),
        ("vllm", {}, "a <\u200b|eot_id|> [b]"),
        ("llamacpp", {"control_tokens": "as_is"}, "a <|eot_id|> [b]"),
        ("openai", {}, "a <|eot_id|> [b]"),
        ("openai", {"control_tokens": "broken"}, "a <\u200b|eot_id|> [b]"),
    ],
)
async def test_text_of_a_page_is_no_control_token_where_a_template_is_applied(
    server: Server, connect: Connect, owner: str, options: dict[str, Any], sent: str
) -> None:
    server.models = [{"id": "tiny", "owned_by": owner}]
    backend = connect(**options)
    await backend.check()
    await backend.generate([Message(role="user", content="a <|eot_id|> [b]")], Sampling(), tag=TAG)
    assert server.chats[-1].body["messages"][-1]["content"] == sent
    assert ("control tokens in pages" in backend.facts) == ("\u200b" in sent), "the manifest says so"


TEMPLATE = "{%- for m in messages %}{{ '<turn_of:' + m.role + '>' }}{{ m[key] }}<end_of:turn>[CLOSE]{% endfor %}"


@pytest.mark.parametrize(
    ("owner", "path", "told"),
    [
        ("llamacpp", "/props", PROPS | {"chat_template": TEMPLATE, "bos_token": "<box:open>", "eos_token": "[STOP]"}),
        ("vllm", "/tokenizer_info", {"added_tokens_decoder": {"7": "<box:open>", "8": "[STOP]", "9": "word"}}),
        (
            "vllm",
            "/tokenizer_info",
            {"added_tokens_decoder": {"7": {"content": "<box:open>"}, "8": "[STOP]"}},
        ),
        ("library", "/api/show", {"template": "<box:open>{{ .Prompt }}", "parameters": 'stop    "[STOP]"'}),
    ],
)
async def test_control_tokens_are_those_that_the_server_names(
    server: Server, connect: Connect, owner: str, path: str, told: Any
) -> None:
    server.models = [{"id": "tiny", "owned_by": owner}]
    serve(server, f"{path}?model=tiny" if path == "/props" else path, told)
    serve(server, "/api/ps", {"models": []})
    backend = connect()
    await backend.check()
    await backend.generate([Message(role="user", content="<box:open> [STOP] word [key] <b>")], Sampling(), tag=TAG)
    assert server.chats[-1].body["messages"][-1]["content"] == "<\u200bbox:open> [\u200bSTOP] word [key] <b>"


async def test_the_chat_template_of_a_server_names_its_marks(server: Server, connect: Connect) -> None:
    server.models = [{"id": "tiny", "owned_by": "llamacpp"}]
    serve(server, "/props?model=tiny", PROPS | {"chat_template": TEMPLATE})
    backend = connect()
    await backend.check()
    await backend.generate([Message(role="user", content="<end_of:turn>[CLOSE][key]")], Sampling(), tag=TAG)
    assert server.chats[-1].body["messages"][-1]["content"] == "<\u200bend_of:turn>[\u200bCLOSE][key]"


@pytest.mark.parametrize(
    ("owner", "path", "told", "template"),
    [
        ("llamacpp", "/props?model=tiny", PROPS | {"chat_template": TEMPLATE}, TEMPLATE),
        ("vllm", "/tokenizer_info", {"chat_template": TEMPLATE}, TEMPLATE),
        ("library", "/api/show", {"template": "{{ .Prompt }}"}, "{{ .Prompt }}"),
        ("vllm", "/tokenizer_info", {}, ""),
    ],
)
async def test_the_manifest_has_the_checksum_of_a_servers_chat_template(
    server: Server, connect: Connect, owner: str, path: str, told: Any, template: str
) -> None:
    server.models = [{"id": "tiny", "owned_by": owner}]
    serve(server, path, told)
    backend = connect()
    await backend.check()
    wanted = hashlib.sha256(template.encode()).hexdigest() if template else None
    assert backend.facts.get("chat template sha256") == wanted


@pytest.mark.parametrize(("owner", "tokenizer"), [("vllm", "server"), ("llamacpp", "llama.cpp"), ("sglang", "server")])
async def test_a_text_that_is_one_token_to_the_server_is_a_control_token(
    server: Server, connect: Connect, owner: str, tokenizer: str
) -> None:
    server.models = [{"id": "tiny", "owned_by": owner}]
    asked = []

    def tokenize(body: Any) -> Reply:
        texts = [part for part in re.split(r"(<box:open>)|(.)", body.get("prompt", body.get("content"))) if part]
        if "return_token_strs" in body or "with_pieces" in body:
            asked.append(body)
        if tokenizer == "server":
            return Reply(200, {"count": len(texts), "tokens": list(range(len(texts))), "token_strs": texts})
        pieces = [{"id": index, "piece": text} for index, text in enumerate(texts)]
        return Reply(200, {"tokens": pieces if body.get("with_pieces") else list(range(len(texts)))})

    server.routes["/tokenize"] = tokenize
    backend = connect(tokenizer=tokenizer)
    await backend.check()
    for _ in range(2):
        await backend.generate([Message(role="user", content="<box:open> [edit] <p> [12] x")], Sampling(), tag=TAG)
        assert server.chats[-1].body["messages"][-1]["content"] == "<\u200bbox:open> [edit] <p> [12] x"
    assert [body.get("prompt", body.get("content")) for body in asked] == ["<box:open>\n[edit]"], (
        "each is asked for once"
    )


@pytest.mark.parametrize(
    ("owner", "version", "fault"),
    [
        ("vllm", {"version": "0.12.0"}, ""),
        ("vllm", {"version": "0.32.0+cpu"}, ""),
        ("vllm", {"version": "0.11.2"}, "vLLM 0.11.2 ignores a grammar; llama.cpp and vLLM from 0.12 on do"),
        ("vllm", {}, "does not say its version at /version"),
        ("sglang", {"version": "0.12.0"}, "SGLang takes no grammar that is known here"),
        ("me", {"version": "0.12.0"}, "a server that does not say what it is takes no grammar"),
    ],
)
async def test_a_grammar_is_for_servers_that_are_known_to_keep_to_it(
    server: Server, connect: Connect, owner: str, version: Any, fault: str
) -> None:
    server.models = [{"id": "tiny", "owned_by": owner}]
    serve(server, "/version", version)
    backend = connect()
    assert not form_fault(backend), "as for wa-run --dry-run, which asks no server"
    await backend.check()
    assert fault in form_fault(backend)
    assert bool(fault) == bool(form_fault(backend))


@pytest.mark.parametrize(("caps", "fault"), [({"supports_tools": False}, "no place"), ({"supports_tools": True}, "")])
async def test_functions_are_for_models_whose_template_has_them(
    server: Server, connect: Connect, caps: dict[str, bool], fault: str
) -> None:
    server.models = [{"id": "tiny", "owned_by": "llamacpp"}]
    serve(server, "/props?model=tiny", {"default_generation_settings": {"n_ctx": 4096}, "chat_template_caps": caps})
    backend = connect()
    assert not tools_fault(backend)
    await backend.check()
    assert fault in tools_fault(backend)
    assert bool(fault) == bool(tools_fault(backend))


async def test_a_server_that_names_no_tokens_leaves_the_common_ones(server: Server, connect: Connect) -> None:
    server.models = [{"id": "tiny", "owned_by": "vllm"}]
    serve(server, "/tokenize", {"count": 1, "tokens": [1]})
    backend = connect(tokenizer="server")
    await backend.generate([Message(role="user", content="[odd] <|eot_id|>")], Sampling(), tag=TAG)
    await backend.check()
    await backend.generate([Message(role="user", content="[odd] <|eot_id|>")], Sampling(), tag=TAG)
    sent = [request.body["messages"][-1]["content"] for request in server.chats]
    assert sent == ["[odd] <|eot_id|>", "[odd] <\u200b|eot_id|>"]


@pytest.mark.parametrize(
    ("control_tokens", "shown", "note"),
    [("auto", "\u200b", "broken if the server is llama.cpp, vLLM"), ("broken", "\u200b", ""), ("as_is", "", "")],
)
def test_a_preview_shows_what_is_done_to_control_tokens(control_tokens: str, shown: str, note: str) -> None:
    options = {"base_url": "http://127.0.0.1:8000/v1", "control_tokens": control_tokens}
    spec = ModelSpec(name="m", backend="openai_chat", model="m", options=options)
    preview = OpenAIChat.preview(spec, [Message(role="user", content="a <|eot_id|>")])
    assert preview.text == f"--- user\na <{shown}|eot_id|>"
    assert note in preview.form
    assert bool(note) == ("control tokens" in preview.form)


async def test_control_tokens_are_those_of_the_models_tokenizer(
    server: Server, connect: Connect, tmp_path: Path
) -> None:
    tokenizer = Tokenizer(WordLevel({"[a]": 0, "[u]": 1}, unk_token="[u]"))
    tokenizer.add_special_tokens([AddedToken("[START_HERE]"), AddedToken("[START]")])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    backend = connect(tokenizer=str(tmp_path / "tokenizer.json"), control_tokens="broken")
    await backend.generate([Message(role="user", content="[START_HERE] [START] [a]")], Sampling(), tag=TAG)
    assert server.chats[-1].body["messages"][-1]["content"] == "[\u200bSTART_HERE] [\u200bSTART] [a]"

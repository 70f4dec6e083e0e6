"""The backend that owns a llama.cpp server: the real one, with a tiny model of random weights."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.models.forms import FORM, drawn, require_actions
from tests.models.tiny_gguf import write_tiny_gguf
from webarena_runner.actions.kinds import element_of
from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.errors import ConfigError, PromptTooLong, UsageError
from webarena_runner.interfaces import RequestTag, form_fault
from webarena_runner.models.llama_cpp import start
from webarena_runner.models.llama_cpp.backend import LlamaCpp
from webarena_runner.models.shared.serve import run_server
from webarena_runner.settings.records import ModelSpec, RateLimits
from webarena_runner.types import Completion, Message, Sampling, Stop, Type

Make = Callable[..., LlamaCpp]
GREEDY = Sampling(temperature=0, max_tokens=8)


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def spec_of(gguf: Path | str, **options: Any) -> ModelSpec:
    quick = {"retry_first_wait_s": 0.01, "retry_longest_wait_s": 0.02, "max_retries": 1, "threads": 1}
    return ModelSpec(name="tiny", backend="llama-cpp", model=str(gguf), context_window=512, options=quick | options)


@pytest.fixture
async def make(gguf: Path) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def backend(**options: Any) -> LlamaCpp:
            made = LlamaCpp(spec_of(gguf, **options), environ=dict(os.environ))
            stack.push_async_callback(made.aclose)
            return made

        yield backend


async def ask(backend: LlamaCpp, text: str = "hello", sampling: Sampling = GREEDY) -> Completion:
    return await backend.generate([Message(role="user", content=text)], sampling, tag=RequestTag())


async def test_greedy_replies_are_those_of_the_whole_vocabulary(make: Make) -> None:
    quick, whole = make(), make(extra_body={"top_k": 0})
    for backend in (quick, whole):
        await backend.check()
    long = Sampling(temperature=0, max_tokens=64)
    assert (await ask(quick, sampling=long)).text == (await ask(whole, sampling=long)).text != ""


async def test_a_server_is_started_answers_and_ends(make: Make) -> None:
    backend = make(slots=2)
    await backend.check()
    assert backend.context_window == 512, "each slot has the whole window"
    assert not backend.estimates_tokens
    assert await backend.count_tokens("hello") == 5, "tokens of this model are bytes"
    reply = await ask(backend)
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 8)
    # Three control tokens, four line breaks or names of roles, and the text.
    assert reply.prompt_tokens == len("user\nhello\nassistant\n") + 3
    again = await ask(backend)
    assert (again.text, again.prompt_tokens) == (reply.text, reply.prompt_tokens)
    assert again.cached_tokens > 0


async def test_replies_in_a_form_are_actions_on_the_elements_that_there_are(make: Make) -> None:
    backend = make(slots=4)
    await backend.check()
    assert form_fault(backend) == ""
    actions = await drawn(backend, 24)
    require_actions(actions)
    assert {element_of(action) for action in actions} == {None, "12", "7"}
    assert len({action.kind for action in actions}) > 4
    assert {action.kind for action in await drawn(backend, 4, form=FORM.answer_only())} == {"stop"}


async def test_words_in_a_form_are_excerpts(make: Make) -> None:
    backend = make(slots=4)
    await backend.check()
    intent, page = 'Look for "blue [wool] socks", size 9.', ("Open: 9-17, `daily`", 'It\'s a "b" c\\d', "", "«…»")
    form = ReplyForm(ids=("7",), typed=(intent,), answers=page, verbs=("type",))
    typed = await drawn(backend, 8, form=form)
    texts = {action.text.strip() for action in typed if isinstance(action, Type)}
    assert len(texts) > 1
    assert all(text in intent and not set(text) & set('[]".') for text in texts)
    stops = await drawn(backend, 8, form=form.answer_only())
    answers = {action.answer for action in stops if isinstance(action, Stop)}
    assert len(answers) > 1
    assert all(any(answer in text for text in page) for answer in answers - {"N/A"})


async def test_without_a_word_nothing_is_typed(make: Make) -> None:
    backend = make(slots=4)
    await backend.check()
    form = ReplyForm(ids=("7",), typed=("?!",), answers=("", "…"), verbs=("type", "stop"))
    assert set(await drawn(backend, 4, form=form)) == {Stop(answer="N/A")}


async def test_a_server_that_is_killed_is_started_again_under_its_request(make: Make) -> None:
    backend = make()
    await backend.check()
    before = await ask(backend)
    for process in servers_of(backend):
        os.kill(process, signal.SIGKILL)
    after = await ask(backend)
    assert after.text == before.text


async def test_a_prompt_beyond_the_window_is_told_as_such(make: Make) -> None:
    backend = make()
    await backend.check()
    with pytest.raises(PromptTooLong):
        await ask(backend, "x" * 600)


async def test_llama_server_on_the_path_serves_and_runs_ask_it_by_its_address_and_key(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    program = tmp_path / "llama-server"
    # The same server with the same flags.
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I {start.__file__.replace("start.py", "xserver.py")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("KEY", "a key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spec = spec_of(gguf, program="llama-server", slots=2, api_key_env="KEY", base_url="http://127.0.0.1:1/v1")
    command = LlamaCpp.serve_command(spec, how=None, port=port, environ=os.environ, only_print=False)
    assert command.arguments[0] == str(program)
    assert "a key" not in str(command.arguments)
    ready = asyncio.Event()
    server = asyncio.create_task(run_server(command, say=print, on_ready=ready.set))
    try:
        await ready.wait()
        backend = make(base_url=command.base_url, api_key_env="KEY")
        await backend.check()
        assert backend.context_window == 512
        assert (await ask(backend)).finish_reason == "length"
        monkeypatch.setenv("KEY", "another")
        with pytest.raises(UsageError, match="check KEY"):
            await make(base_url=command.base_url, api_key_env="KEY").check()
    finally:
        server.cancel()
        await asyncio.wait([server])
    with pytest.raises(UsageError, match="connection failed"):
        await make(base_url=command.base_url, api_key_env="KEY").check()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": ""}, "needs a model"),
        ({"model": "absent.gguf"}, "no such file; expected a GGUF file"),
        ({"model": "hf:owner/only"}, "expected hf:OWNER/REPOSITORY/FILE.gguf"),
        ({"model": "fetched:other"}, "unknown; `wa-run models fetch` gets smollm2"),
        ({"context_window": None}, "needs context_window"),
        ({"options": {"program": "/no/llama-server"}}, "there is no program /no/llama-server"),
        ({"options": {"api_key_env": "KEY"}}, "is for options.base_url"),
        ({"options": {"mmproj": "absent.gguf"}}, "options.mmproj: absent.gguf: no such file"),
        ({"options": {"slotz": 2}}, "slotz"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_is_told_before_anything_starts(gguf: Path, changes: dict[str, Any], told: str) -> None:
    spec = spec_of(gguf).model_copy(update=changes)
    assert told in (LlamaCpp.availability(spec, {}) or "")
    with pytest.raises(ConfigError, match=told.split("`")[0].split("/")[0]):
        LlamaCpp(spec, environ={})


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"<html>")
    assert "not a GGUF file" in (LlamaCpp.availability(spec_of(tmp_path / "model.gguf"), {}) or "")


def test_a_run_has_a_slot_for_each_worker_that_may_ask_at_once(gguf: Path) -> None:
    spec = spec_of(gguf)
    assert LlamaCpp.for_workers(spec, 4).options["slots"] == 4
    limited = spec.model_copy(update={"rates": RateLimits(max_concurrency=2)})
    assert LlamaCpp.for_workers(limited, 4).options["slots"] == 2
    assert LlamaCpp.for_workers(spec_of(gguf, slots=3), 4).options["slots"] == 3


def servers_of(backend: LlamaCpp) -> list[int]:
    """Processes that serve at the backend's port."""
    port = backend.server.subject.rpartition(":")[2].partition("/")[0]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        words = (folder / "cmdline").read_bytes().split(b"\0") if (folder / "cmdline").exists() else []
        if port.encode() in words and b"xserver.py" in b" ".join(words) and b"guard.py" not in b" ".join(words):
            found.append(int(folder.name))
    assert found
    return found

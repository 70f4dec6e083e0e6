"""A real GPTQ checkpoint through the Transformers backend; needs the extra `gptq` in an environment of its own."""

import asyncio
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from webarena_runner.interfaces import RequestTag
from webarena_runner.models.transformers.backend import TransformersLocal
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("gptqmodel") is None, reason="the extra `gptq` is not installed"),
]
PROMPTS = ["hello", "click the cheapest item " * 10, "[1] RootWebArea 'Home'", "stop"]


async def replies(folder: Path, prompt_format: str = "llama3") -> list[Completion]:
    """Greedy replies of a batch."""
    given = ModelSpec(
        name="tiny",
        backend="transformers",
        model=str(folder),
        options={"dtype": "float16", "device_map": "cpu", "prompt_format": prompt_format, "batch_wait_ms": 100},
    )
    backend = TransformersLocal(given, environ={})
    try:
        await backend.check()
        sampling, tag = Sampling(temperature=0.0, max_tokens=8), RequestTag()
        asked = [[Message(role="user", content=text)] for text in PROMPTS]
        return await asyncio.gather(*(backend.generate(messages, sampling, tag=tag) for messages in asked))
    finally:
        await backend.aclose()


# gptqmodel and what it imports use deprecated parts of other libraries.
@pytest.mark.filterwarnings("default")
async def test_packed_weights_answer_as_the_same_numbers_unpacked_do(tmp_path: Path) -> None:
    from tests.tools.make_tiny_gptq import save_tiny_gptq

    save_tiny_gptq(tmp_path)
    packed, plain = await replies(tmp_path / "packed"), await replies(tmp_path / "rounded")
    assert [each.text for each in packed] == [each.text for each in plain]
    assert [each.completion_tokens for each in packed] == [8] * len(PROMPTS)


@pytest.mark.filterwarnings("default")
async def test_a_real_model_in_four_bits_answers_as_the_same_numbers_unpacked_do(smollm2: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.tools.make_tiny_gptq", tmp_path, "--checkpoint", smollm2]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    packed, plain = await replies(tmp_path / "packed", "template"), await replies(tmp_path / "rounded", "template")
    assert [each.text for each in packed] == [each.text for each in plain]
    assert len({each.text for each in packed}) == len(PROMPTS)

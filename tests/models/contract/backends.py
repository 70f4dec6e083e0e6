"""All subjects by the name that tests and the table show; each is imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.models.contract.subject import Fake
from webarena_runner.interfaces import ModelBackend

FAKES: Mapping[str, str] = {
    "openai_chat": "openai_chat:fake",
    "tgi-chat": "tgi:chat",
    "tgi-generate": "tgi:native",
    "gemini-genai": "gemini:new_sdk",
    "gemini-generativeai": "gemini:old_sdk",
    "vllm-server-connected": "vllm_server:connected",
}
# Engines of the ordinary environment.
HERE: Mapping[str, tuple[str, str]] = {"llama-cpp": ("llama_cpp:started", "xllamacpp")}
# Run under the marker `models`, by a Python that has them; each with the package that it needs.
ENGINES: Mapping[str, tuple[str, str]] = {
    "vllm-server-started": ("vllm_server:started", "vllm"),
    "vllm": ("vllm_engine:started", "vllm"),
    "transformers": ("transformers_local:started", "transformers"),
}


def fake(name: str) -> Fake:
    made: Fake = _function(FAKES[name])()
    return made


def engine(name: str, folder: Path) -> ModelBackend:
    """With the model in the folder; its check starts it."""
    path, package = {**HERE, **ENGINES}[name]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed in this Python")
    made: ModelBackend = _function(path)(folder)
    return made


def _function(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    made: Callable[..., Any] = getattr(import_module(f"tests.models.contract.{module}"), name)
    return made

"""Every engine that runs here, with the weights of SmolLM2-135M-Instruct; by the names of the contract's table."""

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.models import vllm_live
from tests.models.contract.subject import QUICK, spec_of
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.llama_cpp.backend import LlamaCpp
from webarena_runner.models.transformers.backend import TransformersLocal
from webarena_runner.models.vllm.engine import VllmEngine
from webarena_runner.models.vllm.server import VllmServer

WINDOW = 1024


def real_engine(name: str, gguf: Path, folder: Path) -> ModelBackend:
    """With the model in the file or in the folder; its check starts it."""
    package, make = _MAKERS[name]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed in this Python")
    return make(gguf if name == "llama-cpp" else folder)


def _llama_cpp(gguf: Path) -> ModelBackend:
    options = {**QUICK, "timeout_s": 300.0, "slots": 4, "threads": 1}
    return LlamaCpp(spec_of("llama-cpp", str(gguf), options, context_window=WINDOW), environ={})


def _transformers(folder: Path) -> ModelBackend:
    options = {"dtype": "float32", "logprobs": True}
    return TransformersLocal(spec_of("transformers", str(folder), options, context_window=WINDOW), environ={})


def _vllm(folder: Path) -> ModelBackend:
    return VllmEngine(_vllm_spec("vllm", folder), environ={})


def _vllm_server(folder: Path) -> ModelBackend:
    # With logprobs vLLM compiles a kernel, for which the compiler needs PATH.
    return VllmServer(_vllm_spec("vllm-server", folder), environ=os.environ)


def _vllm_spec(backend: str, folder: Path) -> Any:
    spec = vllm_live.spec_of(backend, folder, logprobs=True)
    return spec.model_copy(update={"context_window": WINDOW})


_MAKERS: Mapping[str, tuple[str, Callable[[Path], ModelBackend]]] = {
    "llama-cpp": ("xllamacpp", _llama_cpp),
    "vllm-server-started": ("vllm", _vllm_server),
    "vllm": ("vllm", _vllm),
    "transformers": ("transformers", _transformers),
}
REAL = tuple(_MAKERS)

"""llama.cpp's own server, started here, with a tiny model."""

from pathlib import Path

from tests.models.contract.subject import QUICK, spec_of
from tests.models.tiny_gguf import WINDOW, write_tiny_gguf
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.llama_cpp.backend import LlamaCpp


def started(folder: Path) -> ModelBackend:
    model = write_tiny_gguf(folder / "tiny.gguf")
    # A slot for each of the contract's calls at once would be one after the other on a thread.
    options = {**QUICK, "slots": 4, "threads": 1}
    return LlamaCpp(spec_of("llama-cpp", str(model), options, context_window=WINDOW), environ={})

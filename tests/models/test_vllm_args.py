"""Engine arguments, environment and options of the vLLM backends, checked without vLLM."""

from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.models.vllm.args import check_arguments, flags, read_arguments
from webarena_runner.models.vllm.engine import VllmEngine
from webarena_runner.models.vllm.server import VllmServer
from webarena_runner.settings.records import ModelSpec

# As vLLM writes it: annotated dataclass fields whose defaults are taken from other classes.
ENGINE_SOURCE = """
from vllm.config import ModelConfig

@config
class Other:
    elsewhere: int = 1

@dataclass
class EngineArgs:
    model: str = ModelConfig.model
    dtype: ModelDType = ModelConfig.dtype
    max_model_len: int = ModelConfig.max_model_len
    tensor_parallel_size: int = 1
    gpu_memory_utilization: float = 0.92
    enable_prefix_caching: bool | None = None
    quantization: QuantizationMethods | str | None = None
    allowed_media_domains: list[str] | None = None
    tokenizer: Optional[str] = None
    limit_mm_per_prompt: dict[str, int | dict[str, int]] = get_field(Config, "limit_per_prompt")
    _private: int = 0

class AsyncEngineArgs(EngineArgs):
    enable_log_requests: bool = False
"""
SERVER_SOURCE = """
class BaseFrontendArgs:
    enable_prompt_tokens_details: bool = False

class FrontendArgs(BaseFrontendArgs):
    api_key: list[str] | None = None
    port: int = 8000
"""


@pytest.fixture(params=["entrypoints/openai", "entrypoints/launchers"])
def vllm(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    for name, source in (("engine/arg_utils.py", ENGINE_SOURCE), (f"{request.param}/cli_args.py", SERVER_SOURCE)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def check(vllm: Path, *, server: bool = False, **values: Any) -> None:
    reserved = {"model": "set `model` of the model file"}
    known = read_arguments(vllm, server=server)
    check_arguments(values, known, reserved=reserved, where="model 'm': options.engine", texts=server)


def test_arguments_are_those_of_the_installed_vllm(vllm: Path) -> None:
    assert "enable_log_requests" in read_arguments(vllm, server=False)
    assert "port" not in read_arguments(vllm, server=False)
    assert {"dtype", "port", "enable_prompt_tokens_details"} <= set(read_arguments(vllm, server=True))
    assert not {"elsewhere", "_private"} & set(read_arguments(vllm, server=True))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"tensor_paralel_size": 2}, r"options.engine.tensor_paralel_size: .* did you mean 'tensor_parallel_size'"),
        ({"max-model-len": 2}, "did you mean 'max_model_len'"),
        ({"zzz": 2}, "no such engine argument; see"),
        ({"max_model_len": "long"}, "max_model_len: expected int, got 'long'"),
        ({"max_model_len": True}, "expected int, got True"),
        ({"tensor_parallel_size": 1.5}, "expected int, got 1.5"),
        ({"enable_prefix_caching": "yes"}, r"expected bool \| None, got 'yes'"),
        ({"tokenizer": 3}, r"expected Optional\[str\], got 3"),
        ({"limit_mm_per_prompt": 1}, "got 1"),
        ({"model": "x"}, "options.engine.model: cannot be set here; set `model` of the model file"),
        ({"hf_token": "secret"}, "HF_TOKEN"),
    ],
)
def test_a_wrong_argument_is_told_with_what_was_expected(vllm: Path, values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check(vllm, **values)
    assert "secret" not in str(caught.value)


def test_right_arguments_pass(vllm: Path) -> None:
    check(vllm, dtype="bfloat16", max_model_len=8192, gpu_memory_utilization=1, enable_prefix_caching=None)
    check(vllm, allowed_media_domains=["a"], limit_mm_per_prompt={"image": 1}, quantization="gptq", tokenizer="t")
    check(vllm, server=True, max_model_len="8k", enable_prompt_tokens_details=True)


def test_a_folder_that_is_no_vllm_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="arg_utils.py"):
        read_arguments(tmp_path, server=False)


def test_arguments_become_flags() -> None:
    values = {"a_b": 1, "on": True, "off": False, "none": None, "many": ["x", 2], "more": {"image": 1}, "text": "-x"}
    assert flags(values) == [
        *("--a-b=1", "--on", "--no-off", "--many", "x", "2", "--more", '{"image": 1}', "--text=-x"),
    ]


def spec(backend: str, **options: Any) -> ModelSpec:
    return ModelSpec(name="m", backend=backend, model="/models/llama", options=options)


@pytest.mark.parametrize("backend", [VllmEngine, VllmServer])
@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PATH": "/x"}, "PATH: expected VLLM_"),
        ({"LD_PRELOAD": "x"}, "LD_PRELOAD"),
        ({"HF_TOKEN": "secret"}, "HF_TOKEN does not belong into a model file"),
        ({"VLLM_API_KEY": "secret"}, "VLLM_API_KEY does not belong"),
    ],
)
def test_only_variables_of_the_engine_may_be_set(backend: Any, variables: dict[str, str], told: str) -> None:
    told_by_availability = backend.availability(spec("b", environment=variables), {})
    assert told_by_availability is not None
    assert told in told_by_availability
    assert "secret" not in told_by_availability
    with pytest.raises(ConfigError, match=told):
        backend(spec("b", environment=variables), environ={})


def test_numbers_may_be_values_of_variables(tmp_path: Path) -> None:
    options = {"environment": {"VLLM_CPU_KVCACHE_SPACE": 1}, "python": str(tmp_path / "none")}
    assert "no program" in str(VllmServer.availability(spec("vllm-server", **options), {}))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"base_url": "http://127.0.0.1:1/v1", "serve": {"dtype": "auto"}}, "have no meaning"),
        ({"base_url": "http://127.0.0.1:1/v1", "python": "python3"}, "have no meaning"),
        ({"base_url": "ftp://127.0.0.1:1/v1"}, "expected http://HOST:PORT/v1"),
        ({"api_key_env": "KEY"}, "is for options.base_url"),
        ({"base_urls": []}, "base_url"),
        ({"base_url": ["http://127.0.0.1:9/v1"], "api_key_env": "KEY"}, "KEY with the API key is not set"),
    ],
)
def test_options_of_the_server_that_do_not_go_together_are_told(options: dict[str, Any], told: str) -> None:
    assert told in str(VllmServer.availability(spec("vllm-server", **options), {}))
    with pytest.raises(ConfigError, match=told):
        VllmServer(spec("vllm-server", **options), environ={})


@pytest.mark.parametrize("backend", [VllmEngine, VllmServer])
def test_a_model_is_needed(backend: Any) -> None:
    nameless = spec("b").model_copy(update={"model": ""})
    assert "needs a model" in str(backend.availability(nameless, {}))

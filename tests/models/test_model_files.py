"""The model files that are shipped."""

import re
from typing import Any, get_args

import pytest

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.formats import FormatName
from webarena_runner.models.shared.options import parse_options
from webarena_runner.settings import datafiles
from webarena_runner.settings.loading import CliOptions, load_model_spec, load_run_config

ENVIRON = {"OPENAI_API_KEY": "sk-none", "GEMINI_API_KEY": "none"}
NAMES = datafiles.names("models")
INCOMPLETE = {"openai-compatible": "base_url", "replay": "options.path"}
ANY_MODEL = {"openai-compatible", "llama-cpp", "replay"}
ASKED_FOR = {
    *("llama3-vllm", "llama3-vllm-server", "llama3-transformers", "llama3-tgi", "llama3-70b-vllm"),
    *("llama2-7b-chat-gptq", "llava-llama3-intel", "llava-llama3-xtuner"),
    *("gemini-1.5-pro", "gemini-1.0-pro", "gpt-4-turbo", "gpt-4o", "gpt-4o-mini"),
    *("openai-compatible", "llama-cpp", "replay"),
}


def backend_class(name: str) -> Any:
    """Skips where the backend's extra is missing."""
    try:
        return registry.load("models", name)
    except ConfigError as error:
        pytest.skip(str(error))


def test_the_named_models_are_there() -> None:
    assert set(NAMES) >= ASKED_FOR


@pytest.mark.parametrize("name", NAMES)
def test_the_options_are_those_of_the_backend(name: str) -> None:
    spec = load_model_spec(name)
    parse_options(backend_class(spec.backend).Options, spec)
    assert spec.options.get("prompt_format", "template") in get_args(FormatName)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_can_be_configured_with_it(name: str) -> None:
    options = CliOptions(model=name, tasks="smoke", task_set="mini", served_by="embedded")
    config, overrides = load_run_config(options, ENVIRON)
    assert config.model == load_model_spec(name)
    assert all(override.startswith("sampling.") for override in overrides)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_what_the_leaderboard_says_of_a_model(name: str) -> None:
    spec = load_model_spec(name)
    assert spec.description
    if name in ANY_MODEL:
        return
    facts = spec.leaderboard
    assert facts.open_weights is not None
    assert (facts.size_b is not None) == facts.open_weights
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", facts.release_date)
    assert facts.work
    assert spec.context_window


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_paid_for_has_prices_and_limits(name: str) -> None:
    spec = load_model_spec(name)
    is_paid = "api_key_env" in spec.options
    assert (spec.prices is not None) == is_paid
    if is_paid:
        assert spec.rates.max_concurrency
        text = datafiles.find("models", name).read_text()
        assert re.search(r"# US dollars per million tokens.* 20\d\d; check them\.", text)


@pytest.mark.parametrize("name", NAMES)
def test_it_can_run_or_says_what_is_missing(name: str) -> None:
    spec = load_model_spec(name)
    lacking = backend_class(spec.backend).availability(spec, ENVIRON)
    if name in INCOMPLETE:
        assert INCOMPLETE[name] in lacking
    else:
        remedies = r"pip install|start it with|is not there|no such|models merge|models fetch"
        assert lacking is None or re.search(remedies, lacking)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("gpt-", "gemini-"))])
def test_a_paid_model_needs_nothing_but_its_key(name: str) -> None:
    spec = load_model_spec(name)
    backend = registry.load("models", spec.backend)
    assert spec.options["api_key_env"] in backend.availability(spec, {})
    backend(spec, environ=ENVIRON)
    with pytest.raises(ConfigError, match=spec.options["api_key_env"]):
        backend(spec, environ={})


@pytest.mark.parametrize("name", ["llava-llama3-intel", "llava-llama3-xtuner"])
def test_the_llava_files_see_and_write_the_prompt_that_the_models_were_tuned_on(name: str) -> None:
    spec = load_model_spec(name)
    assert spec.images == "screenshot"
    assert (spec.options["vision"], spec.options["prompt_format"]) == ("llava", "llava-llama3")
    assert spec.options["square_padding"] == (name == "llava-llama3-intel")


@pytest.mark.parametrize("backend", sorted({load_model_spec(name).backend for name in NAMES}))
def test_the_official_limit_of_a_page_is_in_characters_for_gemini_only(backend: str) -> None:
    unit = backend_class(backend).observation_unit
    assert unit == ("characters" if backend == "gemini" else "tokens")

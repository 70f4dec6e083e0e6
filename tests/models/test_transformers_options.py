"""What a model file with `backend: transformers` may say, and what is told where the library is not installed."""

from importlib.util import find_spec
from typing import Any

import pytest

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.extras import how_to_install
from webarena_runner.models.transformers.backend import TransformersLocal
from webarena_runner.settings.records import ModelSpec


def spec(*, model: str = "folder", images: Any = "none", **options: Any) -> ModelSpec:
    return ModelSpec(name="tiny", backend="transformers", model=model, images=images, options=options)


def test_the_backend_is_found_by_name_without_its_library() -> None:
    assert registry.load("models", "transformers") is TransformersLocal


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (spec(dtyp="float16"), "unknown key 'dtyp'.*did you mean dtype"),
        (spec(dtype="float8"), "dtype"),
        (spec(max_batch_size=0), "max_batch_size"),
        (spec(prompt_format="llama4"), "prompt_format"),
        (spec(model=""), "`model` is empty; expected a folder with a checkpoint"),
        (spec(images="screenshot"), "needs a model that sees; set options.vision: llava"),
        (spec(square_padding=True), "square_padding: needs options.vision: llava"),
        (spec(prompt_format="llava-llama3"), "llava-llama3 needs options.vision: llava"),
    ],
)
def test_a_wrong_model_file_is_told_before_anything_is_loaded(given: ModelSpec, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TransformersLocal(given, environ={})
    assert TransformersLocal.availability(given, {})


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed here")
async def test_a_missing_library_is_told_with_the_extra() -> None:
    told = r"model 'tiny': needs the Python modules torch, transformers.*run: .*\[transformers\]"
    backend = TransformersLocal(spec(), environ={})
    with pytest.raises(ConfigError, match=told):
        await backend.check()
    lacking = TransformersLocal.availability(spec(), {})
    assert lacking is not None
    assert how_to_install("transformers") in lacking


def test_the_context_window_is_the_model_files_until_the_model_is_loaded() -> None:
    given = spec().model_copy(update={"context_window": 4096})
    assert TransformersLocal(given, environ={}).context_window == 4096


def test_tokens_are_never_estimated() -> None:
    assert not TransformersLocal(spec(), environ={}).estimates_tokens

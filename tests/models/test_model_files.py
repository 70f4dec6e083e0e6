"""The model files that are shipped."""

import pytest

from webarena_runner import datafiles, registry
from webarena_runner.loading import load_model_spec

ENVIRON = {"OPENAI_API_KEY": "sk-none"}
INCOMPLETE = {"openai-compatible": "base_url", "replay": "options.path"}


@pytest.mark.parametrize("name", datafiles.names("models"))
def test_a_shipped_model_file_is_complete_or_says_what_to_give(name: str) -> None:
    spec = load_model_spec(name)
    assert spec.description
    backend = registry.load("models", spec.backend)
    if name in INCOMPLETE:
        assert INCOMPLETE[name] in backend.availability(spec, ENVIRON)
    else:
        backend(spec, environ=ENVIRON)


def test_an_openai_model_needs_its_key() -> None:
    spec = load_model_spec("gpt-4o")
    backend = registry.load("models", spec.backend)
    assert "OPENAI_API_KEY" in backend.availability(spec, {})
    assert backend.availability(spec, ENVIRON) is None

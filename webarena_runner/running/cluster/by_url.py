"""What a model file's backend makes of its options, and whether the model is reached by its URL."""

from typing import Any

from webarena_runner import registry
from webarena_runner.models.shared.options import parse_options
from webarena_runner.settings.records import ModelSpec


def is_by_url(spec: ModelSpec) -> bool:
    """Whether it is behind a server that runs already."""
    return bool(getattr(options_of(spec), "base_url", ""))


def options_of(spec: ModelSpec) -> Any:
    """As its backend has them, defaults included. Raises ConfigError."""
    record = getattr(registry.load("models", spec.backend), "Options", None)
    return parse_options(record, spec) if record else None

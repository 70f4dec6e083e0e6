"""Transformers in this process, with a tiny model."""

from pathlib import Path

from tests.models.contract.subject import spec_of
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.transformers.backend import TransformersLocal


def started(folder: Path) -> ModelBackend:
    return TransformersLocal(spec_of("transformers", str(folder), {"dtype": "float32"}), environ={})

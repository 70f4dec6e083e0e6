"""vLLM in this process, with a tiny model."""

from pathlib import Path

from tests.models import vllm_live
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.vllm.engine import VllmEngine


def started(folder: Path) -> ModelBackend:
    return VllmEngine(vllm_live.spec_of("vllm", folder), environ={})

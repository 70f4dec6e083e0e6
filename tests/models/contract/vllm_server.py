"""vLLM's server: one that is started here with a tiny model, or a fake that is connected to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.models import vllm_live
from tests.models.contract.subject import Fake, spec_of
from tests.models.fake_openai import Server, completion, error
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.vllm.server import VllmServer


def connected() -> Fake:
    return Fake(Server, _connected, error, completion("whole"))


def _connected(server: Server, options: Mapping[str, Any]) -> ModelBackend:
    return VllmServer(spec_of("vllm-server", "tiny", {"base_url": server.base_url, **options}), environ={})


def started(folder: Path) -> ModelBackend:
    return VllmServer(vllm_live.spec_of("vllm-server", folder), environ={})

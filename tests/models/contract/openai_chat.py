"""The OpenAI-compatible backend, against a fake of such a server."""

from collections.abc import Mapping
from typing import Any

from tests.models.contract.subject import Fake, spec_of
from tests.models.fake_openai import Server, completion, error
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.openai.backend import OpenAIChat


def fake() -> Fake:
    return Fake(Server, _backend, error, completion("whole"))


def _backend(server: Server, options: Mapping[str, Any]) -> ModelBackend:
    return OpenAIChat(spec_of("openai_chat", "tiny", {"base_url": server.base_url, **options}), environ={})

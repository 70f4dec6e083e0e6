"""Text Generation Inference by both its routes, against a fake of its server."""

from collections.abc import Mapping
from typing import Any

from tests.models.contract.subject import Fake, spec_of
from tests.models.fake_openai import Reply, Server, completion
from tests.models.fake_tgi import TgiServer, fault
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.tgi.backend import Tgi

ERROR_TYPES = {422: "validation", 429: "overloaded"}


def chat() -> Fake:
    return _fake("template", completion("whole"))


def native() -> Fake:
    return _fake("llama3", {"generated_text": "whole"})


def _fake(prompt_format: str, whole: Any) -> Fake:
    def backend(server: Server, options: Mapping[str, Any]) -> ModelBackend:
        given = {"base_url": server.base_url, "prompt_format": prompt_format, **options}
        return Tgi(spec_of("tgi", "", given), environ={})

    return Fake(TgiServer, backend, error, whole, attempts)


def attempts(server: Server) -> int:
    return sum(request.path in ("/generate", "/v1/chat/completions") for request in server.requests)


def error(status: int, message: str, *, headers: dict[str, str] | None = None) -> Reply:
    # The router takes no request for malformed with 400: what it cannot do is invalid.
    status = 422 if status == 400 else status
    return fault(status, message, ERROR_TYPES.get(status, "generation"), headers=headers)

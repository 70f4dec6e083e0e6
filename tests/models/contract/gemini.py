"""Gemini through both of Google's packages, against a fake of its API."""

from collections.abc import Mapping
from typing import Any

from tests.models.contract.subject import Fake, spec_of
from tests.models.fake_gemini import GeminiServer, completion, error
from tests.models.fake_openai import Server
from webarena_runner.interfaces import ModelBackend
from webarena_runner.models.gemini.backend import Gemini


def new_sdk() -> Fake:
    return _fake("google-genai")


def old_sdk() -> Fake:
    return _fake("google-generativeai")


def _fake(sdk: str) -> Fake:
    def backend(server: Server, options: Mapping[str, Any]) -> ModelBackend:
        given = {"base_url": server.base_url, "sdk": sdk, **options}
        return Gemini(spec_of("gemini", "tiny", given), environ={"GEMINI_API_KEY": "key"})

    return Fake(GeminiServer, backend, error, completion("whole"))

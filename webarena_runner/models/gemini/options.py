"""`options` of a model file with `backend: gemini`, and what is wrong with them."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Literal

from pydantic import Field, PositiveInt

from webarena_runner.extras import how_to_install
from webarena_runner.models.gemini.wire import Mode, SystemAs
from webarena_runner.models.shared.options import RemoteOptions
from webarena_runner.models.shared.wire import url_fault
from webarena_runner.settings.records import ModelSpec

OLD_SDK = "google-generativeai"
_MODULES = {"google-genai": "google.genai", OLD_SDK: "google.generativeai"}
_CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY")
_THRESHOLDS = ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF")
_NOT_IN_OLD_SDK = {"HARM_CATEGORY_CIVIC_INTEGRITY", "OFF"}


class GeminiOptions(RemoteOptions):
    """`options` of a model file with `backend: gemini`."""

    sdk: Literal["google-genai", "google-generativeai"] = "google-genai"
    """the package that sends the requests; google-generativeai is no longer supported by Google"""
    api_key_env: str = "GEMINI_API_KEY"
    """environment variable that holds the key; null: no key is sent"""
    base_url: str = "https://generativelanguage.googleapis.com"
    """where the API is"""
    api_version: Literal["v1beta", "v1"] = "v1beta"
    """the API's version"""
    mode: Mode = "chat"
    """chat: examples are earlier turns; single: everything in one user turn"""
    system_as: SystemAs = "instruction"
    """where a chat has the instructions; gemini-1.0-pro takes no system instruction"""
    top_k: PositiveInt | None = None
    """sent with each request"""
    candidate_count: PositiveInt | None = None
    """sent with each request; the first candidate is the reply"""
    response_mime_type: str | None = None
    """sent with each request"""
    thinking_budget: int | None = Field(None, ge=-1)
    """tokens of the reply limit that may go into thoughts, for models that think"""
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = None
    """how much a model thinks"""
    safety_settings: dict[str, str] = Field(default_factory=dict)
    """thresholds by category, as the API names both"""
    token_counts: Literal["estimate", "server"] = "estimate"
    """an estimate by words, or a request to the server each time"""


def fault_of(spec: ModelSpec, options: GeminiOptions, environ: Mapping[str, str]) -> str | None:
    """What keeps this model from being asked at all, found without a request."""
    if not spec.model:
        return "`model` is not set; expected a name such as gemini-2.5-flash"
    if fault := url_fault(options.base_url, "https://HOST or http://HOST:PORT"):
        return fault
    if not environ.get(options.api_key_env):
        return f"the environment variable {options.api_key_env} with the API key is not set"
    if not _installed(_MODULES[options.sdk]):
        return f"the package {options.sdk} is not installed; run: {how_to_install('gemini')}"
    return _old_sdk_fault(options) or _safety_fault(options)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _old_sdk_fault(options: GeminiOptions) -> str | None:
    if options.sdk != OLD_SDK:
        return None
    known = {*options.safety_settings, *options.safety_settings.values()} & _NOT_IN_OLD_SDK
    lacking = [name for name in ("thinking_budget", "thinking_level") if getattr(options, name) is not None]
    if options.api_version != "v1beta":
        lacking.append("api_version")
    lacking += [f"safety_settings with {name}" for name in sorted(known)]
    return f"options: {OLD_SDK} has no {', '.join(lacking)}; set sdk: google-genai" if lacking else None


def _safety_fault(options: GeminiOptions) -> str | None:
    categories = [f"HARM_CATEGORY_{name}" for name in _CATEGORIES]
    for category, threshold in options.safety_settings.items():
        for what, value, known in (("category", category, categories), ("threshold", threshold, _THRESHOLDS)):
            if value not in known:
                close = get_close_matches(value.upper(), known, n=1, cutoff=0.3)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                return f"options.safety_settings: unknown {what} '{value}'{hint} Expected one of {', '.join(known)}"
    return None

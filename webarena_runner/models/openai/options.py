"""`options` of a model file with `backend: openai_chat`, and what is wrong with them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from webarena_runner.models.shared.formats import ExampleRoles, SystemAs
from webarena_runner.models.shared.options import RemoteOptions, TokenOptions
from webarena_runner.models.shared.wire import url_fault

SamplerDefaults = Literal["off", "server"]
ControlTokens = Literal["auto", "broken", "as_is"]


class ChatOptions(TokenOptions):
    """What the requests of every backend with OpenAI's chat API can be made to have."""

    example_roles: ExampleRoles = "turns"
    """examples of the prompt as earlier turns, or as the named system messages that official sends"""
    system_as: SystemAs = "system"
    """instructions as a system message, or as a user turn that has been answered, for models that take none"""
    control_tokens: ControlTokens = "auto"
    """texts of control tokens in a page, such as <|eot_id|>, which a server that applies a chat template takes for what
    they stand for; broken: with a zero-width space after the first character; as_is; auto: broken for llama.cpp, vLLM,
    SGLang, Ollama and LM Studio"""
    sampler_defaults: SamplerDefaults = "off"
    """off: samplers that the server would add to those of the profile (top_k, min_p, repetition penalties) are switched
    off where its API allows, and those that stay are in the manifest; server: they are left on"""
    tool_fields: dict[str, Any] = Field(
        default_factory=lambda: {"tool_choice": "required", "parallel_tool_calls": False}
    )
    """keys of each request that gives the model functions to call (--agent tools); a server that refuses one, such as
    parallel_tool_calls, wants it left out"""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """further keys of each request"""
    headers: dict[str, str] = Field(default_factory=dict)
    """further HTTP headers of each request; none that is secret"""
    headers_env: dict[str, str] = Field(default_factory=dict)
    """further HTTP headers whose values are in environment variables, by the variables' names"""
    query: dict[str, str] = Field(default_factory=dict)
    """query parameters of each request, such as Azure's api-version"""


class OpenAIOptions(RemoteOptions, ChatOptions):
    """`options` of a model file with `backend: openai_chat`."""

    base_url: str = ""
    """where the server is, with its /v1"""
    api_key_env: str | None = None
    """environment variable that holds the key; null: no key is sent"""
    start_command: str = ""
    """shown when no server answers"""
    tokenizer: str = "estimate"
    """server (vLLM's /tokenize), llama.cpp (its routes), tiktoken:ENCODING, hf:REPOSITORY, the path of a
    tokenizer.json, or estimate"""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """what the server calls the limit of a reply"""


def fault_of(options: OpenAIOptions, environ: Mapping[str, str]) -> str | None:
    """What keeps this model from being asked at all, found without a request."""
    if not options.base_url:
        return (
            "needs a server: base_url below options in its file, such as http://HOST:PORT/v1, or, for --model, "
            "-o model.options.base_url=URL"
        )
    if fault := url_fault(options.base_url, "http://HOST:PORT/v1 or the like"):
        return fault
    if options.api_key_env and not environ.get(options.api_key_env):
        return f"the environment variable {options.api_key_env} with the API key is not set"
    for header, variable in options.headers_env.items():
        if not environ.get(variable):
            return f"the environment variable {variable} with the header {header} is not set"
    return None


def secrets_of(options: OpenAIOptions, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values that no error text may have."""
    variables = [options.api_key_env, *options.headers_env.values()]
    return tuple(environ[variable] for variable in variables if variable)


def headers_of(options: OpenAIOptions, environ: Mapping[str, str]) -> dict[str, str]:
    """HTTP headers of each request, keys included."""
    key = {"Authorization": f"Bearer {environ[options.api_key_env]}"} if options.api_key_env else {}
    return key | options.headers | {header: environ[variable] for header, variable in options.headers_env.items()}


def key_hint(options: OpenAIOptions) -> str:
    """What to do about a key that was not accepted."""
    if options.api_key_env:
        return f"; check {options.api_key_env}"
    return "; set the option api_key_env to the variable that holds it"

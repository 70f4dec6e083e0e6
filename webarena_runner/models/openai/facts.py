"""What servers with OpenAI's API tell of the model they serve, each by fields and routes of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webarena_runner.models.openai.api import OpenAIServer, path_of
from webarena_runner.models.openai.wire import record
from webarena_runner.models.shared.control import marks_among, marks_of_template
from webarena_runner.models.shared.template import TEMPLATE_FACT, sha256_of_template

# Tokens of prompt and reply together, in entries of GET /models: of vLLM, SGLang and TGI; LM Studio; OpenRouter,
# Together and Ollama; Groq; Mistral; LiteLLM and Anthropic, of the prompt alone. llama.cpp's n_ctx is of one slot;
# its n_ctx_train, and Ollama's and LM Studio's largest window, are the model's and not what is served.
_WINDOW_FIELDS = ("max_model_len", "loaded_context_length", "context_length", "context_window", "max_input_tokens")
# What leaves a sampler without effect, by the names that a request has for it.
_NEUTRAL_LLAMA_CPP: Mapping[str, float] = {
    "top_k": 0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "top_n_sigma": -1.0,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "dry_multiplier": 0.0,
    "xtc_probability": 0.0,
    "dynatemp_range": 0.0,
    "mirostat": 0,
}
# They take these from the checkpoint's generation_config.json. -1, and not 0, is understood by all versions.
_NEUTRAL_VLLM: Mapping[str, float] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
_OLLAMA_DEFAULTS = {"top_k": "40"}
# They look for control tokens in all of what their chat template makes of the messages.
TEMPLATING = ("llama.cpp", "vLLM", "SGLang", "Ollama", "LM Studio")
_SAMPLERS = re.compile(r"^(top_k|min_p|typical_p|repeat_penalty|repeat_last_n|mirostat)\s+(\S+)$", re.M)


@dataclass(frozen=True)
class ServerFacts:
    """`kind` is the program that serves, "" when it does not say; `window` is None when it does not say.

    `neutral` is what requests have to carry so that only the samplers of the profile are at work; `added` are samplers
    of the server that no request can switch off. `control` are texts that it names as control tokens, or that its chat
    template writes. `template` is the checksum of its chat template. `ignores_tools`: the server says that its template
    has no place for functions, and leaves out those of a request without a word.
    """

    kind: str = ""
    version: str = ""
    window: int | None = None
    neutral: Mapping[str, float] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    control: frozenset[str] = frozenset()
    template: str = ""
    ignores_tools: bool = False

    @property
    def applies_template(self) -> bool:
        """Whether it is known to look for control tokens in all of what its chat template makes of the messages."""
        return self.kind in TEMPLATING

    @property
    def described(self) -> dict[str, str]:
        """For the manifest: what is known, by readable names."""
        told = {
            "model server": f"{self.kind} {self.version}".strip(),
            "samplers of the model server that are switched off": _listed(self.neutral),
            "samplers of the model server that cannot be switched off": _listed(self.added),
            TEMPLATE_FACT: self.template,
        }
        return {name: text for name, text in told.items() if text}


def facts_of_kind(kind: str) -> ServerFacts:
    """What is known of a server by its program alone."""
    return ServerFacts(kind, neutral=_NEUTRAL_VLLM if kind in ("vLLM", "SGLang") else {})


async def learn(server: OpenAIServer, model: str, entry: Mapping[str, Any] | None, *, kind: str = "") -> ServerFacts:
    """Facts of a model from its entry in the server's list (None: it has none) and from routes that its kind has."""
    window = listed_window(entry or {})
    match kind or _kind(entry or {}):
        case "llama.cpp":
            return await _llama_cpp(server, model, window)
        case "Ollama":
            return await _ollama(server, model, window)
        case "LM Studio":
            return ServerFacts("LM Studio", window=window or await _lm_studio_window(server, model))
        case "vLLM":
            return await _vllm(server, window)
        case "SGLang":
            return ServerFacts("SGLang", window=window, neutral=_NEUTRAL_VLLM)
    return ServerFacts(window=window) if window else await _search(server, model)


async def _search(server: OpenAIServer, model: str) -> ServerFacts:
    """Of a server whose list says nothing: by the routes that it turns out to have."""
    if record(await server.peek_beside("/props")).get("default_generation_settings"):
        return await _llama_cpp(server, model, None)
    if isinstance(record(await server.peek_beside("/api/ps")).get("models"), list):
        return await _ollama(server, model, None)
    if (window := await _lm_studio_window(server, model)) is not None:
        return ServerFacts("LM Studio", window=window)
    return ServerFacts(window=await _litellm_window(server, model))


def listed_window(entry: Mapping[str, Any]) -> int | None:
    """The context window in an entry of GET /models: the smallest of those that are of what is served."""
    loaded = count(entry.get("loaded_context_length"))
    if loaded:
        return loaded
    top_provider, meta = record(entry.get("top_provider")), record(entry.get("meta"))
    found = [
        *(count(entry.get(name)) for name in _WINDOW_FIELDS),
        count(top_provider.get("context_length")),
        count(meta.get("n_ctx")),
        # LM Studio lists it of models that it has not loaded, and Mistral of all.
        None if "state" in entry else count(entry.get("max_context_length")),
    ]
    return min((window for window in found if window), default=None)


def count(value: Any) -> int | None:
    """A positive whole number, which some servers send as a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**9:
        return None
    return int(value)


def _kind(entry: Mapping[str, Any]) -> str:
    owner = str(entry.get("owned_by"))
    owners = {"llamacpp": "llama.cpp", "vllm": "vLLM", "sglang": "SGLang", "library": "Ollama"}
    if owner in owners:
        return owners[owner]
    if record(entry.get("meta")).keys() & {"n_ctx", "n_ctx_train"}:
        return "llama.cpp"
    return "LM Studio" if owner in ("organization_owner", "organization-owner") else ""


async def _llama_cpp(server: OpenAIServer, model: str, window: int | None) -> ServerFacts:
    """Its window is that of one slot: it divides its context between them before it says so."""
    props = record(await server.peek_beside(f"/props?model={path_of(model)}"))
    settings = record(props.get("default_generation_settings"))
    # Versions before 2025 have the samplers beside `n_ctx`, later ones below `params`.
    defaults = record(settings.get("params")) or settings
    neutral = {
        name: value for name, value in _NEUTRAL_LLAMA_CPP.items() if name in defaults and defaults[name] != value
    }
    return ServerFacts(
        "llama.cpp",
        str(props.get("build_info") or ""),
        min((each for each in (window, count(settings.get("n_ctx"))) if each), default=None),
        neutral if defaults else {name: _NEUTRAL_LLAMA_CPP[name] for name in ("top_k", "min_p")},
        control=marks_of_template(props.get("chat_template"))
        | marks_among((props.get("bos_token"), props.get("eos_token"))),
        template=sha256_of_template(props.get("chat_template")),
        ignores_tools=record(props.get("chat_template_caps")).get("supports_tools") is False,
    )


async def _vllm(server: OpenAIServer, window: int | None) -> ServerFacts:
    """Its tokens and its template are from a route that it has with --enable-tokenizer-info-endpoint."""
    told = record(await server.peek_beside("/tokenizer_info"))
    added = record(told.get("added_tokens_decoder")).values()
    texts = (record(token).get("content") if isinstance(token, dict) else token for token in added)
    template = told.get("chat_template")
    version = record(await server.peek_beside("/version")).get("version")
    return ServerFacts(
        "vLLM",
        str(version or ""),
        window=window,
        neutral=_NEUTRAL_VLLM,
        control=marks_among(texts) | marks_of_template(template),
        template=sha256_of_template(template),
    )


async def _ollama(server: OpenAIServer, model: str, window: int | None) -> ServerFacts:
    """Its OpenAI route takes neither a window nor these samplers; the window is known once the model is loaded."""
    running = record(await server.peek_beside("/api/ps")).get("models")
    loaded = next((record(each) for each in running or () if _is_model(record(each), model)), {})
    shown = record(await server.peek_beside("/api/show", {"model": model}))
    parameters = str(shown.get("parameters") or "")
    chosen = re.search(r"^num_ctx\s+(\d+)$", parameters, re.M)
    told = count(loaded.get("context_length")) or count(chosen[1] if chosen else None)
    return ServerFacts(
        "Ollama",
        window=told or window,
        added=_OLLAMA_DEFAULTS | dict(_SAMPLERS.findall(parameters)),
        control=marks_of_template(shown.get("template")) | marks_of_template(parameters),
        template=sha256_of_template(shown.get("template")),
    )


def _is_model(entry: Mapping[str, Any], wanted: str) -> bool:
    names = {str(entry.get("name")), str(entry.get("model"))}
    return wanted in names or f"{wanted}:latest" in names


async def _lm_studio_window(server: OpenAIServer, model: str) -> int | None:
    """The window that the model is loaded with; None when it is not loaded, or there is no such route."""
    told = record(await server.peek_beside(f"/api/v0/models/{path_of(model)}"))
    return count(told.get("loaded_context_length"))


async def _litellm_window(server: OpenAIServer, model: str) -> int | None:
    """Of the prompt alone: the proxy's limit of input tokens."""
    entries = record(await server.peek_beside("/model/info")).get("data")
    for entry in entries if isinstance(entries, list) else ():
        if record(entry).get("model_name") == model:
            info = record(record(entry).get("model_info"))
            return count(info.get("max_input_tokens")) or count(info.get("max_tokens"))
    return None


def _listed(samplers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in samplers.items())

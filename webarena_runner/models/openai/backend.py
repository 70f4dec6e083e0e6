"""Any server with OpenAI's chat API: OpenAI itself, `vllm serve`, TGI's `/v1`, llama.cpp and others."""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from webarena_runner.errors import ConfigError, EpisodeError, ModelError, UsageError
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag
from webarena_runner.models.openai.api import OpenAIServer
from webarena_runner.models.openai.wire import read_completion, wire_messages, wire_sampling
from webarena_runner.models.shared.formats import ExampleRoles
from webarena_runner.models.shared.options import RemoteOptions, TokenOptions, parse_options
from webarena_runner.models.shared.preview import chat_preview
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.server_tokens import ServerTokens
from webarena_runner.models.shared.tokens import Estimate, LocalTokens, Tokens, local_tokens
from webarena_runner.models.shared.wire import is_listening, is_local, require_logprobs
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

logger = logging.getLogger(__name__)


class OpenAIOptions(RemoteOptions, TokenOptions):
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
    example_roles: ExampleRoles = "turns"
    """examples of the prompt as earlier turns, or as the named system messages that official sends"""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """what the server calls the limit of a reply"""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """further keys of each request"""


class OpenAIChat:
    """One client for all episodes of a run; `spec.model` "" stands for the only model of the server.

    `server` is the connection, for other routes beside the chat one.
    """

    Options = OpenAIOptions
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._options = options = parse_options(OpenAIOptions, spec)
        fault = _fault(options, environ)
        if fault:
            raise ConfigError(f"model '{spec.name}': {fault}")
        self.server = OpenAIServer(
            options.base_url,
            environ.get(options.api_key_env, "") if options.api_key_env else "",
            subject=f"model '{spec.name}' at {options.base_url}",
            policy=options.retry_policy,
            timeout_s=options.timeout_s,
        )
        self._model = spec.model
        self._context_window = spec.context_window
        self._tokens = self._tokens_of(options.tokenizer)

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Connects to servers on this machine only, for half a second at most."""
        try:
            options = parse_options(OpenAIOptions, spec)
        except ConfigError as error:
            return str(error)
        fault = _fault(options, environ)
        if fault or not is_local(options.base_url):
            return fault
        return None if is_listening(options.base_url) else f"no server at {options.base_url}{_start(options)}"

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        return chat_preview(wire_messages(messages, parse_options(OpenAIOptions, spec).example_roles))

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._tokens.is_estimate

    async def check(self) -> None:
        """One request without retries, and one token count; learns the model's name and context window."""
        try:
            served = await self.server.models()
        except Transient as error:
            raise UsageError(f"{self.server.subject}: {error}{_start(self._options)}") from None
        except EpisodeError as error:
            raise ConfigError(f"{error}{self._key_hint(error)}") from None
        self._model = self.server.choose(served, self._model)
        self._fit_window(served[self._model])
        if isinstance(self._tokens, LocalTokens):
            await self._tokens.ready()
        if isinstance(self._tokens, ServerTokens):
            try:
                await self._tokens.count("a")
            except ModelError as error:
                logger.warning("tokens will be estimated: %s", error)
                self._tokens = Estimate()

    async def generate(self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag) -> Completion:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries."""
        body = {
            "model": await self._model_name(),
            "messages": wire_messages(messages, self._options.example_roles),
            **wire_sampling(sampling, max_tokens_field=self._options.max_tokens_field),
        }
        if self._options.logprobs:
            body["logprobs"] = True
        started_s = time.monotonic()
        reply, retries = await self.server.chat(
            body, extra=self._options.extra_body, request_id=lambda: _request_id(tag)
        )
        latency_s = time.monotonic() - started_s
        completion = read_completion(reply, subject=self.server.subject)
        if self._options.logprobs:
            require_logprobs(completion, subject=self.server.subject)
        return completion.model_copy(update={"latency_s": latency_s, "retries": retries})

    async def count_tokens(self, text: str) -> int:
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        await self.server.aclose()

    async def _model_name(self) -> str:
        if not self._model:
            self._model = await self.server.find_model("")
        return self._model

    def _tokens_of(self, name: str) -> Tokens:
        match name:
            case "server" | "llama.cpp":
                return ServerTokens(self.server.post_beside, name, self._model_name)
            case _:
                return local_tokens(name)

    def _fit_window(self, entry: Mapping[str, Any]) -> None:
        served = entry.get("max_model_len")
        if not isinstance(served, int):
            return
        wanted = self._context_window
        if wanted is not None and wanted > served:
            message = "%s: serves %d tokens of context, fewer than the model file's %d; prompts are fitted to that"
            logger.warning(message, self.server.subject, served, wanted)
        self._context_window = min(served, wanted or served)

    def _key_hint(self, error: EpisodeError) -> str:
        if "API key" not in str(error):
            return ""
        variable = self._options.api_key_env
        return f"; check {variable}" if variable else "; set the option api_key_env to the variable that holds it"


def _request_id(tag: RequestTag) -> str:
    # vLLM takes the header for its own id, which two attempts at one request must not share.
    return f"{tag}-{uuid.uuid4().hex[:8]}".encode("ascii", "replace").decode()


def _fault(options: OpenAIOptions, environ: Mapping[str, str]) -> str | None:
    """What keeps this model from being asked at all, found without a request."""
    if not options.base_url:
        return "needs a server: -o model.options.base_url=http://HOST:PORT/v1"
    url = urlsplit(options.base_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        return f"options.base_url: expected http://HOST:PORT/v1 or the like, got '{options.base_url}'"
    if url.username or url.password:
        return "options.base_url: carries a password; put it into an environment variable and name that in api_key_env"
    if options.api_key_env and not environ.get(options.api_key_env):
        return f"the environment variable {options.api_key_env} with the API key is not set"
    return None


def _start(options: OpenAIOptions) -> str:
    return f"; start it with: {options.start_command}" if options.start_command else ""

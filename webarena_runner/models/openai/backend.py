"""Any server with OpenAI's chat API: OpenAI itself, `vllm serve`, TGI's `/v1`, llama.cpp and others."""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from webarena_runner.actions.tools import ActionTools
from webarena_runner.errors import ConfigError, EpisodeError, ModelError, UsageError
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag, Wish
from webarena_runner.models.openai.api import OpenAIServer, nearest
from webarena_runner.models.openai.facts import TEMPLATING, facts_of_kind, learn
from webarena_runner.models.openai.forms import fault_of_forms, form_fields
from webarena_runner.models.openai.options import OpenAIOptions, fault_of, headers_of, key_hint, secrets_of
from webarena_runner.models.openai.tool_calls import tool_fields
from webarena_runner.models.openai.wire import choices_of, read_completion, wire_messages, wire_sampling
from webarena_runner.models.shared.control import unsettled_marks, with_plain_text
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import chat_preview
from webarena_runner.models.shared.probe import PROBE_RETRIES, try_request
from webarena_runner.models.shared.retry import Transient, Unreachable
from webarena_runner.models.shared.server_tokens import ServerTokens
from webarena_runner.models.shared.tokens import Estimate, LocalTokens, Tokens, local_tokens
from webarena_runner.models.shared.wire import is_listening, is_local, require_logprobs
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

Read = TypeVar("Read")
logger = logging.getLogger(__name__)


class OpenAIChat:
    """One client for all episodes of a run; `spec.model` "" stands for the only model of the server.

    `server` is the connection, for other routes beside the chat one; `kind` is the program that serves, where that is
    known beforehand.
    """

    Options = OpenAIOptions
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str], kind: str = "") -> None:
        self._spec = spec
        self._options = options = parse_options(OpenAIOptions, spec)
        fault = fault_of(options, environ)
        if fault:
            raise ConfigError(f"model '{spec.name}': {fault}")
        self.server = OpenAIServer(
            options.base_url,
            headers=headers_of(options, environ),
            query=options.query,
            secrets=secrets_of(options, environ),
            subject=f"model '{spec.name}' at {options.base_url}",
            policy=options.retry_policy,
            timeout_s=options.timeout_s,
        )
        self._model = spec.model
        self._context_window = spec.context_window
        self._kind = kind
        self._facts = facts_of_kind(kind)
        self._learned = False
        self._entry: Mapping[str, Any] | None = None
        self._tried = False
        self._settled: dict[str, bool] = {}  # whether a text is one token, by the server's tokenizer
        self._tokens = self._tokens_of(options.tokenizer)

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Connects to servers on this machine only, for half a second at most."""
        try:
            options = parse_options(OpenAIOptions, spec)
        except ConfigError as error:
            return str(error)
        fault = fault_of(options, environ)
        if fault or not is_local(options.base_url):
            return fault
        return None if is_listening(options.base_url) else f"no server at {options.base_url}{_start(options)}"

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = parse_options(OpenAIOptions, spec)
        if options.control_tokens != "as_is":
            messages = with_plain_text(messages)
        note = f"control tokens in a page are broken if the server is {', '.join(TEMPLATING)}"
        shown = chat_preview(wire_messages(messages, options.example_roles, options.system_as))
        return replace(shown, form=f"{shown.form}; {note}") if options.control_tokens == "auto" else shown

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._tokens.is_estimate

    @property
    def refusals(self) -> int:
        return self.server.refusals

    @property
    def facts(self) -> Mapping[str, str]:
        # vLLM says under "root" which checkpoint is behind a name that its operator chose.
        root = (self._entry or {}).get("root")
        named = {
            "model that is served": self._model,
            "its checkpoint": str(root or ""),
            "control tokens in pages": "broken" if self._breaks_control_tokens else "",
        }
        return self._facts.described | {
            name: text for name, text in named.items() if text not in ("", self._spec.model)
        }

    async def check(self) -> None:
        """Asks for the list of models, without retries, and counts once; learns the model's name and context window.

        A model that is not listed may be served all the same, so that a small request decides. One is made too when
        prompts carry pictures, which not every model takes.
        """
        served = await self._listed_models()
        is_listed = served is not None and self._choose(served)
        await self._learn()
        if isinstance(self._tokens, LocalTokens):
            await self._tokens.ready()
        if isinstance(self._tokens, ServerTokens):
            try:
                await self._tokens.count("a")
            except ModelError as error:
                logger.warning("tokens will be estimated: %s", error)
                self._tokens = Estimate()
        if not is_listed or self._spec.images == "screenshot":
            await self.probe()

    async def probe(self) -> None:
        """One request for a token, unless one was made. Raises ConfigError when those of a run would be refused."""
        if self._tried or not self._options.probe:
            return

        async def send(messages: Sequence[Message], sampling: Sampling) -> None:
            # What the model says within one token does not matter.
            read = partial(choices_of, subject=self.server.subject)
            await self._send(messages, sampling, tag=RequestTag("probe"), read=read, max_retries=PROBE_RETRIES)

        try:
            await try_request(send, self._spec.sampling, with_picture=self._spec.images == "screenshot")
        except ConfigError as error:
            raise self._with_key_hint(error) from None
        self._tried = True
        if self._facts.window is None:
            # Ollama and LM Studio load a model at its first request, and know its window then.
            self._facts = await learn(self.server, self._model, self._entry, kind=self._kind)
            self._fit_window(self._facts.window)
        if self._facts.kind == "Ollama" and self._context_window is None:
            message = "%s: Ollama cuts prompts that are too long without a word, and does not say its window"
            logger.warning(f"{message}; set context_window", self.server.subject)

    def form_fault(self) -> str:
        """Of servers that would ignore a grammar without a word."""
        return fault_of_forms(self._facts) if self._learned else ""

    def tools_fault(self) -> str:
        """Of a server that says so; others without functions refuse the request, or answer with a text."""
        if self._facts.ignores_tools:
            return f"the model's chat template has no place for them, and {self._facts.kind} leaves them out"
        return ""

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries."""
        started_s = time.monotonic()
        read = partial(read_completion, subject=self.server.subject)
        more = self._fields_of(form) if form else {}
        completion, retries = await self._send(messages, sampling, tag=tag, read=read, more=more)
        latency_s = time.monotonic() - started_s
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

    async def _send(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        tag: RequestTag,
        read: Callable[[Any], Read],
        max_retries: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> tuple[Read, int]:
        """What `read` makes of the reply, and how many attempts failed before it."""
        options = self._options
        body = {
            "model": await self._model_name(),
            "messages": wire_messages(await self.safe(messages), options.example_roles, options.system_as),
            **wire_sampling(sampling, max_tokens_field=options.max_tokens_field),
            **self._sampler_fields_for(sampling),
            **({"logprobs": True} if options.logprobs else {}),
            **options.extra_body,
            **(more or {}),
        }
        return await self.server.chat(body, request_id=lambda: _request_id(tag), read=read, max_retries=max_retries)

    def _fields_of(self, form: Wish) -> dict[str, Any]:
        if isinstance(form, ActionTools):
            return tool_fields(form) | self._options.tool_fields
        return form_fields(self._facts.kind, form)

    @property
    def _breaks_control_tokens(self) -> bool:
        chosen = self._options.control_tokens
        return chosen == "broken" or (chosen == "auto" and self._facts.applies_template)

    async def safe(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Messages in which no text of a page is a control token, where the server would take it for one."""
        return with_plain_text(messages, await self._control_in(messages)) if self._breaks_control_tokens else messages

    async def _control_in(self, messages: Sequence[Message]) -> frozenset[str]:
        """Control tokens beside the common ones: those that the server names, and those of the model's tokenizer."""
        named = self._facts.control
        match self._tokens:
            case LocalTokens() as local:
                return named | (await local.ready()).control
            case ServerTokens() as server:
                if unsettled := unsettled_marks(messages, named | self._settled.keys()):
                    single = await server.single(unsettled)
                    self._settled |= {text: text in single for text in unsettled}
                return named | {text for text, is_control in self._settled.items() if is_control}
        return named

    @property
    def sampler_fields(self) -> Mapping[str, float]:
        """What switches off the samplers that the server would add."""
        return self._facts.neutral if self._options.sampler_defaults == "off" else {}

    def _sampler_fields_for(self, sampling: Sampling) -> Mapping[str, float]:
        is_ours = self._options.sampler_defaults == "off" and self._facts.kind == "llama.cpp"
        # The same token as of the whole vocabulary, which a grammar has weighed for each token of a reply.
        greedy = {"top_k": 1} if is_ours and sampling.temperature == 0 else {}
        return {**self.sampler_fields, **greedy}

    async def _listed_models(self) -> Mapping[str, Any] | None:
        """None when the server has no list. Raises UsageError when no server answers or the key is wrong."""
        try:
            return await self.server.models()
        except Unreachable as error:
            raise UsageError(f"{self.server.subject}: {error}{_start(self._options)}") from None
        except Transient as error:
            told = f"{self.server.subject}: {error}"
        except EpisodeError as error:
            told = str(error)
        if "API key" in told:
            raise self._with_key_hint(ConfigError(told))
        if not self._model:
            raise ConfigError(
                f"{told} (asked for the list of its models); set base_url to where the server has its API, mostly "
                "http://HOST:PORT/v1, or, where it has no such list, `model` (-o model.model=NAME)"
            )
        logger.warning("%s (asked for the list of its models); asking for '%s' all the same", told, self._model)
        return None

    def _choose(self, served: Mapping[str, Any]) -> bool:
        """Whether the list has the model; else it is asked for as it is named, and a request decides."""
        if not self._model or self._model in served:
            self._model = self.server.choose(served, self._model)
            self._entry = served[self._model]
            return True
        close = nearest(self._model, served)
        self._entry = _alias_of(self._model, served) or (served[close] if close and self._model in close else None)
        if _alias_of(self._model, served) is None:
            hint = f"; the nearest is '{close}'" if close else ""
            message = "%s: the server does not list a model '%s'%s; asking for it all the same"
            logger.warning(message, self.server.subject, self._model, hint)
        return False

    async def _learn(self) -> None:
        self._facts = await learn(self.server, self._model, self._entry, kind=self._kind)
        self._learned = True
        if self._options.sampler_defaults == "off" and self._facts.added:
            message = "%s: %s adds %s to the sampling of the profile, which no request can switch off"
            logger.warning(message, self.server.subject, self._facts.kind, self._facts.added)
        self._fit_window(self._facts.window)

    def _fit_window(self, served: int | None) -> None:
        if served is None:
            return
        wanted = self._context_window
        if wanted is not None and wanted > served:
            message = "%s: serves %d tokens of context, fewer than the model file's %d; prompts are fitted to that"
            logger.warning(message, self.server.subject, served, wanted)
        self._context_window = min(served, wanted or served)

    def _with_key_hint(self, error: ConfigError) -> ConfigError:
        return ConfigError(f"{error}{key_hint(self._options)}") if "API key" in str(error) else error


def _alias_of(name: str, served: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The listed model that has another name too, as llama.cpp lists them."""
    for entry in served.values():
        aliases = entry.get("aliases")
        if isinstance(aliases, list) and name in aliases:
            found: Mapping[str, Any] = entry
            return found
    return None


def _request_id(tag: RequestTag) -> str:
    # vLLM takes the header for its own id, which two attempts at one request must not share.
    return f"{tag}-{uuid.uuid4().hex[:8]}".encode("ascii", "replace").decode()


def _start(options: OpenAIOptions) -> str:
    return f"; start it with: {options.start_command}" if options.start_command else ""

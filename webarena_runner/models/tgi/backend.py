"""Text Generation Inference: its chat route, or our own prompt text to its native `/generate`."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from webarena_runner.errors import ConfigError, EpisodeError, ModelError, UsageError
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag, ServeCommand, ServeHow
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import PICTURE, chat_preview
from webarena_runner.models.shared.probe import try_request
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.tokens import Estimate, LocalTokens, Tokens, local_tokens
from webarena_runner.models.shared.wire import is_listening, is_local, require_logprobs, url_fault
from webarena_runner.models.tgi.api import Answer, TgiServer
from webarena_runner.models.tgi.launch import read_flags
from webarena_runner.models.tgi.limits import STOP_SEQUENCES, ServerLimits, fitted_window, read_info
from webarena_runner.models.tgi.options import TgiOptions
from webarena_runner.models.tgi.serve import serve_command
from webarena_runner.models.tgi.tokens import TgiTokens
from webarena_runner.models.tgi.wire import (
    chat_body,
    generate_body,
    prompt_text,
    read_chat,
    read_generated,
    without_data,
)
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

Read = TypeVar("Read")
logger = logging.getLogger(__name__)


class Tgi:
    """One client for all episodes of a run; the server says at `check` what it takes."""

    Options = TgiOptions
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._spec = spec
        self._options = options = _checked_options(spec, environ)
        self._server = TgiServer(
            options.base_url,
            environ.get(options.api_key_env, "") if options.api_key_env else "",
            subject=f"model '{spec.name}' at {options.base_url}",
            policy=options.retry_policy,
            timeout_s=options.timeout_s,
        )
        self._limits: ServerLimits | None = None
        self._context_window = spec.context_window
        self._tokens: Tokens = (
            TgiTokens(self._server) if options.tokenizer == "server" else local_tokens(options.tokenizer)
        )

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Connects to servers on this machine only, for half a second at most."""
        try:
            options = _checked_options(spec, environ)
        except ConfigError as error:
            return str(error)
        if not is_local(options.base_url) or is_listening(options.base_url):
            return None
        return f"no server at {options.base_url}{_start(spec)}"

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = parse_options(TgiOptions, spec)
        if options.prompt_format == "template":
            return chat_preview(chat_body(messages, options.example_roles, Sampling(), ())["messages"])
        text = without_data(prompt_text(options.prompt_format, messages)[0], PICTURE)
        return Preview(f"text in the format {options.prompt_format}, to which TGI adds the BOS token", text)

    @classmethod
    def serve_command(
        cls, spec: ModelSpec, *, how: ServeHow | None, port: int | None, environ: Mapping[str, str], only_print: bool
    ) -> ServeCommand:
        """`how` None: the launcher if it is on PATH, else Docker."""
        return serve_command(spec, how=how, port=port, environ=environ, only_print=only_print)

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._tokens.is_estimate

    async def check(self) -> None:
        """Waits until the server is ready, learns its limits and its model, and counts once.

        Raises:
            UsageError: not ready in time, another model, or prompts larger than it takes.
        """
        server, spec = self._server, self._spec
        try:
            await server.wait_ready(self._options.ready_timeout_s)
            self._limits = limits = read_info(await server.get("/info"), subject=server.subject)
        except Transient as error:
            raise UsageError(f"{server.subject}: {error}{_start(spec)}") from None
        except EpisodeError as error:
            raise ConfigError(str(error)) from None
        self._require_model(limits)
        self._context_window = fitted_window(spec, limits, subject=server.subject)
        if limits.max_concurrent_requests:
            server.narrow(limits.max_concurrent_requests)
        logger.info("%s: TGI %s serves %s: %s", server.subject, limits.version, limits.model_id, limits)
        await self._check_tokens()

    @property
    def refusals(self) -> int:
        return self._server.refusals

    @property
    def facts(self) -> Mapping[str, str]:
        return {"model server": f"TGI {self._limits.version}".strip()} if self._limits else {}

    async def probe(self) -> None:
        """One request for a token. Raises ConfigError when those of a run would be refused."""

        async def send(messages: Sequence[Message], sampling: Sampling) -> None:
            # What the model says within one token does not matter.
            def read(answer: Answer) -> None: ...

            if self._options.prompt_format == "template":
                await self._ask_chat(messages, sampling, read)
            else:
                text, rendered = prompt_text(self._options.prompt_format, messages)
                await self._ask_generate(text, (*sampling.stop, *rendered.stop), sampling, read)

        if self._options.probe:
            await try_request(send, self._spec.sampling, with_picture=self._spec.images == "screenshot")

    async def generate(self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag) -> Completion:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries."""
        started_s = time.monotonic()
        if self._options.prompt_format == "template":
            completion = await self._chat(messages, sampling)
        else:
            completion = await self._generate(messages, sampling)
        return completion.model_copy(update={"latency_s": time.monotonic() - started_s})

    async def count_tokens(self, text: str) -> int:
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        await self._server.aclose()

    async def _chat(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        read = partial(read_chat, stop=sampling.stop, subject=self._server.subject)
        completion, retries = await self._ask_chat(messages, sampling, read)
        if self._options.logprobs:
            require_logprobs(completion, subject=self._server.subject)
        return completion.model_copy(update={"retries": retries})

    async def _ask_chat(
        self, messages: Sequence[Message], sampling: Sampling, read: Callable[[Answer], Read]
    ) -> tuple[Read, int]:
        body = chat_body(messages, self._options.example_roles, sampling, self._sent(sampling.stop))
        logprobs = {"logprobs": True} if self._options.logprobs else {}
        return await self._server.post("/v1/chat/completions", body | self._options.parameters | logprobs, read=read)

    async def _generate(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        text, rendered = prompt_text(self._options.prompt_format, messages)
        stop = tuple(dict.fromkeys((*sampling.stop, *rendered.stop)))
        subject = self._server.subject
        read = partial(read_generated, stop=stop, with_tokens=self._options.logprobs, subject=subject)
        completion, retries = await self._ask_generate(text, stop, sampling, read)
        prompt_tokens = completion.prompt_tokens
        if not prompt_tokens and not self._tokens.is_estimate and not rendered.images:
            prompt_tokens = await self._tokens.count(text) + rendered.has_bos
        return completion.model_copy(update={"retries": retries, "prompt_tokens": prompt_tokens})

    async def _ask_generate(
        self, text: str, stop: Sequence[str], sampling: Sampling, read: Callable[[Answer], Read]
    ) -> tuple[Read, int]:
        body = generate_body(text, sampling, self._sent(stop), self._options.parameters)
        return await self._server.post("/generate", body, read=read)

    def _sent(self, stop: Sequence[str]) -> Sequence[str]:
        """As many as the server takes; replies are cut at all of them anyway."""
        return stop[: self._limits.max_stop_sequences if self._limits else STOP_SEQUENCES]

    def _require_model(self, limits: ServerLimits) -> None:
        flags = read_flags(self._spec, self._options.launch)
        wanted = [name for name in (self._spec.model, flags.model_id) if name]
        if wanted and limits.model_id and limits.model_id not in wanted:
            raise ConfigError(
                f"{self._server.subject}: it serves '{limits.model_id}', and the model file is for '{wanted[0]}'; "
                "start that one, or set `model` to what is served (empty: whatever there is)"
            )

    async def _check_tokens(self) -> None:
        if isinstance(self._tokens, LocalTokens):
            await self._tokens.ready()
        elif isinstance(self._tokens, TgiTokens):
            try:
                await self._tokens.count("a")
            except ModelError as error:
                logger.warning("tokens will be estimated: %s", error)
                self._tokens = Estimate()


def _checked_options(spec: ModelSpec, environ: Mapping[str, str]) -> TgiOptions:
    """Raises ConfigError for what keeps this model from being asked at all, found without a request."""
    options = parse_options(TgiOptions, spec)
    read_flags(spec, options.launch)
    where = f"model '{spec.name}': options"
    if fault := url_fault(options.base_url, "http://HOST:PORT"):
        raise ConfigError(f"model '{spec.name}': {fault}")
    if options.api_key_env and not environ.get(options.api_key_env):
        raise ConfigError(f"model '{spec.name}': the environment variable {options.api_key_env} is not set")
    native = sorted(options.parameters.keys() - {"frequency_penalty"})
    if options.prompt_format == "template" and native:
        raise ConfigError(
            f"{where}.{native[0]}: the chat route knows no such parameter; set prompt_format (llama3, ...), so that "
            "prompts go to /generate, or remove it"
        )
    return options


def _start(spec: ModelSpec) -> str:
    return f"; start it with: wa-run models serve {spec.name}"

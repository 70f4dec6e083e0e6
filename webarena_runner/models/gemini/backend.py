"""Google's Gemini API, through either of its two Python packages."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TypeVar

import httpx

from webarena_runner.actions.tools import ActionTools
from webarena_runner.errors import ConfigError, EpisodeError, ModelRefused, UsageError
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag
from webarena_runner.models.gemini.http import Failure, connect, meaning
from webarena_runner.models.gemini.options import OLD_SDK, GeminiOptions, fault_of
from webarena_runner.models.gemini.tokens import ServerCounts, WordEstimate
from webarena_runner.models.gemini.wire import Image, Prompt, Sdk, Settings, as_chat, as_single, read_reply
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import PICTURE, listed
from webarena_runner.models.shared.probe import PROBE_RETRIES, try_request
from webarena_runner.models.shared.retry import Transient, with_retries
from webarena_runner.models.shared.tokens import Tokens
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
MOST_THREADS = 64


class Gemini:
    """One connection for all episodes of a run."""

    Options = GeminiOptions
    observation_unit: ObservationUnit = "characters"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._spec = spec
        self._options = options = parse_options(GeminiOptions, spec)
        fault = fault_of(spec, options, environ)
        if fault:
            raise ConfigError(f"model '{spec.name}': {fault}")
        self._model = spec.model.removeprefix("models/")
        self._subject = f"model '{spec.name}' ({self._model} at {options.base_url})"
        self._context_window = spec.context_window
        self._key = environ[options.api_key_env]
        self._policy = options.retry_policy
        self._settings = Settings(
            top_k=options.top_k,
            candidate_count=options.candidate_count,
            response_mime_type=options.response_mime_type,
            thinking_budget=options.thinking_budget,
            thinking_level=options.thinking_level,
        )
        self._http = connect(options.base_url, options.timeout_s)
        self._sdk = _sdk(options, self._http, self._key, max_threads=spec.rates.max_concurrency or MOST_THREADS)
        self._tokens: Tokens = ServerCounts(self._count) if options.token_counts == "server" else WordEstimate()

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can be asked from here; else the reason. Makes no request."""
        try:
            options = parse_options(GeminiOptions, spec)
        except ConfigError as error:
            return str(error)
        return fault_of(spec, options, environ)

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        prompt = _prompt(messages, parse_options(GeminiOptions, spec))
        turns = [{"role": "system instruction", "content": prompt.system}] if prompt.system else []
        for content in prompt.contents:
            parts = [PICTURE if isinstance(part, Image) else str(part) for part in content.parts]
            turns.append({"role": content.role, "content": "\n".join(parts)})
        return Preview("the system instruction and contents of a request", listed(turns))

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._tokens.is_estimate

    async def check(self) -> None:
        """One request without retries; learns the context window, and names the models there are for an unknown one."""
        if self._options.sdk == OLD_SDK:
            message = "%s: Google's support for %s has ended; set the option sdk: google-genai"
            logger.warning(message, self._subject, OLD_SDK)
        try:
            facts = await self._attempt(lambda: self._sdk.facts(self._model))
        except Transient as error:
            raise UsageError(f"{self._subject}: {error}") from None
        except EpisodeError as error:
            raise ConfigError(str(error)) from None
        if facts.methods and "generateContent" not in facts.methods:
            raise ConfigError(f"{self._subject}: the model only does {', '.join(facts.methods)}, not generateContent")
        self._fit_window(facts.input_tokens)

    @property
    def refusals(self) -> int:
        """How often the server said that it is asked too much."""
        return self._policy.refusals.count

    @property
    def facts(self) -> Mapping[str, str]:
        return {}

    async def probe(self) -> None:
        """One request for a token. Raises ConfigError when those of a run would be refused."""

        async def send(messages: Sequence[Message], sampling: Sampling) -> None:
            prompt, settings = _prompt(messages, self._options), self._settings.with_sampling(sampling)

            async def attempt() -> None:
                await self._attempt(lambda: self._sdk.generate(self._model, prompt, settings))

            await with_retries(attempt, replace(self._policy, max_retries=PROBE_RETRIES), subject=self._subject)

        if self._options.probe:
            await try_request(send, self._spec.sampling, with_picture=self._spec.images == "screenshot")

    def tools_fault(self) -> str:
        """Functions need turns, and a package that sends back the signatures of the model's calls."""
        if self._options.sdk == OLD_SDK:
            return f"{OLD_SDK} cannot send back what newer models sign their calls with; set options.sdk: google-genai"
        return (
            "" if self._options.mode == "chat" else "options.mode is 'single', which has no place for calls; set chat"
        )

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ActionTools | None = None
    ) -> Completion:
        """Raises ModelBlocked, ModelRefused, ModelExhausted or PromptTooLong at once, ModelError after the retries."""
        prompt, settings = _prompt(messages, self._options), self._settings.with_sampling(sampling)
        if form:
            prompt = replace(prompt, functions=tuple(form.functions))

        async def attempt() -> Completion:
            reply = await self._attempt(lambda: self._sdk.generate(self._model, prompt, settings))
            return read_reply(reply, subject=self._subject)

        started_s = time.monotonic()
        completion, retries = await with_retries(attempt, self._policy, subject=self._subject)
        return completion.model_copy(update={"latency_s": time.monotonic() - started_s, "retries": retries})

    async def count_tokens(self, text: str) -> int:
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        await self._sdk.aclose()
        await self._http.aclose()

    async def _count(self, text: str) -> int:
        async def attempt() -> int:
            return await self._attempt(lambda: self._sdk.count_tokens(self._model, text))

        counted, _ = await with_retries(attempt, self._policy, subject=self._subject)
        return counted

    async def _attempt(self, request: Callable[[], Awaitable[Result]]) -> Result:
        """One request within `timeout_s`; raises Transient or an EpisodeError."""
        try:
            async with asyncio.timeout(self._options.timeout_s):
                return await request()
        except Failure as failure:
            raise await self._not_found(failure) if failure.status == 404 else self._meaning(failure) from None
        except (TimeoutError, httpx.TimeoutException):
            raise Transient(f"no reply within {self._options.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise Transient(self._redact(f"connection failed: {error or type(error).__name__}")) from None

    async def _not_found(self, failure: Failure) -> EpisodeError | Transient:
        """A 404 with the models that there are, if the server lists them."""
        try:
            async with asyncio.timeout(self._options.timeout_s):
                names = await self._sdk.model_names()
        except (Failure, Transient, TimeoutError, httpx.HTTPError):
            return self._meaning(failure)
        if self._model in names:
            return self._meaning(failure)
        close = get_close_matches(self._model, names, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        known = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "") or "none"
        return ModelRefused(f"{self._subject}: unknown model '{self._model}'{hint}; the server's models: {known}")

    def _meaning(self, failure: Failure) -> EpisodeError | Transient:
        return meaning(failure, subject=self._subject, key_env=self._options.api_key_env, redact=self._redact)

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]")

    def _fit_window(self, served: int | None) -> None:
        wanted = self._context_window
        if served is None:
            return
        if wanted is not None and wanted > served:
            message = "%s: takes %d tokens of prompt, fewer than the model file's context window of %d"
            logger.warning(f"{message}; prompts are fitted to that", self._subject, served, wanted)
        self._context_window = min(served, wanted or served)


def _prompt(messages: Sequence[Message], options: GeminiOptions) -> Prompt:
    return as_chat(messages, options.system_as) if options.mode == "chat" else as_single(messages)


def _sdk(options: GeminiOptions, http: httpx.AsyncClient, key: str, *, max_threads: int) -> Sdk:
    if options.sdk == OLD_SDK:
        from webarena_runner.models.gemini.generativeai import GoogleGenerativeAI

        return GoogleGenerativeAI(http, key, max_threads=max_threads, safety_settings=options.safety_settings)
    from webarena_runner.models.gemini.genai import GoogleGenai

    return GoogleGenai(
        http,
        key,
        api_version=options.api_version,
        timeout_s=options.timeout_s,
        safety_settings=options.safety_settings,
    )

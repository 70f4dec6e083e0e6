"""vLLM behind its own HTTP server: one that is started here and ends with the run, or servers that run already."""

import secrets
import time
import zlib
from collections.abc import Mapping, Sequence

from webarena_runner.errors import ConfigError, ModelError, ModelExhausted, UsageError
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag, ServeCommand, ServeHow, Wish
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.models.openai.wire import wire_messages
from webarena_runner.models.shared.child import ServerChild
from webarena_runner.models.shared.control import with_plain_text
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import chat_preview, text_preview
from webarena_runner.models.vllm.args import sequences_in
from webarena_runner.models.vllm.endpoint import VllmEndpoint
from webarena_runner.models.vllm.serve import (
    KEY_VARIABLE,
    ServerOptions,
    chat_options,
    chat_spec,
    check_serve,
    fault,
    serve_command,
    server_urls,
    start_command,
)
from webarena_runner.models.vllm.stats import Repeating
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

REPORT_EVERY_S = 30.0
AVOID_FOR_S = 60.0  # an endpoint that failed gets no requests for so long, while others answer


class VllmServer:
    """A server that dies is started again, and its requests are made again; an endpoint that fails is avoided."""

    Options = ServerOptions
    on_gpu = True
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._options = options = parse_options(ServerOptions, spec)
        self._spec = spec
        self._subject = f"model '{spec.name}' in vLLM's server"
        self._child: ServerChild | None = None
        urls = server_urls(options)
        lacking = fault(spec, options)
        if lacking:
            raise ConfigError(f"model '{spec.name}': {lacking}")
        if not urls:
            environ = dict(environ) | options.environment | {KEY_VARIABLE: secrets.token_urlsafe(24)}
            self._child = ServerChild(
                lambda: start_command(spec, options),
                environ,
                subject=self._subject,
                start_timeout_s=options.start_timeout_s,
            )
            urls = [f"{self._child.url}/v1"]
        self.endpoints = [self._endpoint(url, environ) for url in urls]
        self._failed_s: dict[int, float] = {}  # when an endpoint failed last, by its index
        self._reports = Repeating(self._report, REPORT_EVERY_S)

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Asks servers on this machine only, for half a second at most."""
        try:
            options = parse_options(ServerOptions, spec)
            lacking = fault(spec, options)
        except ConfigError as error:
            return str(error)
        if lacking:
            return lacking
        reasons = (OpenAIChat.availability(chat_spec(spec, options, url), environ) for url in server_urls(options))
        return next((reason for reason in reasons if reason), None)

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = parse_options(ServerOptions, spec)
        if options.prompt_format != "template":
            return text_preview(messages, options.prompt_format)
        return chat_preview(wire_messages(with_plain_text(messages), options.example_roles, options.system_as))

    @classmethod
    def serve_command(
        cls, spec: ModelSpec, *, how: ServeHow | None, port: int | None, environ: Mapping[str, str], only_print: bool
    ) -> ServeCommand:
        """Raises ConfigError for a way of starting it: vLLM is a Python package."""
        if how is not None:
            raise ConfigError(
                f"model '{spec.name}': --docker and --local are for backend tgi; vLLM is a Python package"
            )
        return serve_command(spec, port=port, environ=environ, only_print=only_print)

    @property
    def context_window(self) -> int | None:
        windows = [endpoint.chat.context_window for endpoint in self.endpoints]
        return min((window for window in windows if window is not None), default=None)

    @property
    def estimates_tokens(self) -> bool:
        return any(endpoint.chat.estimates_tokens for endpoint in self.endpoints)

    async def check(self) -> None:
        """Starts the server, or reaches each of those that run; raises UsageError when one is not there."""
        if self._child is not None:
            await check_serve(self._spec, self._options)
            try:
                await self._child.ready()
            except ModelError as error:
                raise UsageError(str(error)) from None
        for endpoint in self.endpoints:
            await endpoint.chat.check()
        self._reports.start()

    @property
    def refusals(self) -> int:
        """Of all servers together."""
        return sum(endpoint.chat.refusals for endpoint in self.endpoints)

    @classmethod
    def requests_at_a_time(cls, spec: ModelSpec) -> int | None:
        """max_num_seqs of a server that is started here, where it is set."""
        return sequences_in(parse_options(ServerOptions, spec).serve)

    @property
    def facts(self) -> Mapping[str, str]:
        return self.endpoints[0].chat.facts

    async def probe(self) -> None:
        """Raises ConfigError when an endpoint would refuse the requests of a run."""
        if self._options.probe:
            for endpoint in self.endpoints:
                await endpoint.probe()

    def form_fault(self) -> str:
        return next(filter(None, (endpoint.chat.form_fault() for endpoint in self.endpoints)), "")

    def tools_fault(self) -> str:
        return next(filter(None, (endpoint.tools_fault() for endpoint in self.endpoints)), "")

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors when every endpoint has failed."""
        if self._child is not None:
            return await self._child.outlive(lambda: self.endpoints[0].generate(messages, sampling, tag=tag, form=form))
        failures: list[ModelError] = []
        for index in self._order(tag):
            try:
                return await self.endpoints[index].generate(messages, sampling, tag=tag, form=form)
            except ModelError as error:
                if not error.may_retry:
                    raise
                self._failed_s[index] = time.monotonic()
                failures.append(error)
        told = "; ".join(str(failure) for failure in failures)
        raise ModelExhausted(told) if all(failure.stops_run for failure in failures) else ModelError(told)

    async def count_tokens(self, text: str) -> int:
        return await self._any_chat().count_tokens(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._any_chat().truncate(text, max_tokens)

    async def aclose(self) -> None:
        """Returns when the server that was started here has ended."""
        await self._reports.aclose()
        for endpoint in self.endpoints:
            await endpoint.aclose()
        if self._child is not None:
            await self._child.aclose()

    def _order(self, tag: RequestTag) -> list[int]:
        """The episode's own endpoint first, then those after it; those that failed lately last."""
        count = len(self.endpoints)
        own = zlib.crc32(f"{tag.task_set}.{tag.task_id}.{tag.trial}".encode()) % count
        around = [(own + step) % count for step in range(count)]
        return sorted(around, key=self._is_avoided)

    def _is_avoided(self, index: int) -> bool:
        failed_s = self._failed_s.get(index)
        return failed_s is not None and time.monotonic() - failed_s < AVOID_FOR_S

    def _any_chat(self) -> OpenAIChat:
        return self.endpoints[self._order(RequestTag())[0]].chat

    async def _report(self) -> None:
        for endpoint in self.endpoints:
            await endpoint.report()

    def _endpoint(self, url: str, environ: Mapping[str, str]) -> VllmEndpoint:
        options = chat_options(self._options) | ({"api_key_env": KEY_VARIABLE} if self._child is not None else {})
        return VllmEndpoint(
            self._spec, url, prompt_format=self._options.prompt_format, chat_options=options, environ=environ
        )

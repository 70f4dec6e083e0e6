"""llama.cpp behind its own HTTP server: one that is started here and ends with the run, or one that runs already."""

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from webarena_runner.errors import ConfigError, ModelError, UsageError
from webarena_runner.interfaces import Preview, RequestTag, ServeCommand, ServeHow, Wish
from webarena_runner.models.llama_cpp.options import LlamaCppOptions, chat_options, fault_of, model_file
from webarena_runner.models.llama_cpp.start import KEY_VARIABLE, program_of, start_command
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.models.shared.child import ServerChild
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.serve import key_for
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

DEFAULT_PORT = 8080


class LlamaCpp(OpenAIChat):
    """A server that dies is started again, and its requests are made again."""

    Options: Any = LlamaCppOptions

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        options = parse_options(LlamaCppOptions, spec)
        if fault := fault_of(spec, options):
            raise ConfigError(f"model '{spec.name}': {fault}")
        self._child: ServerChild | None = None
        self._file = spec.model
        base_url, chat = options.base_url, chat_options(options)
        if not base_url:
            environ = dict(environ) | {KEY_VARIABLE: secrets.token_urlsafe(24)}
            self._child = ServerChild(
                lambda: _start(spec, options),
                os.environ | environ,
                subject=f"model '{spec.name}' in llama.cpp's server",
                start_timeout_s=options.start_timeout_s,
            )
            base_url, chat = f"{self._child.url}/v1", chat | {"api_key_env": KEY_VARIABLE}
        super().__init__(_chat_spec(spec, chat | {"base_url": base_url}), environ=environ, kind="llama.cpp")

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Asks a server on this machine only, for half a second at most."""
        try:
            options = parse_options(LlamaCppOptions, spec)
        except ConfigError as error:
            return str(error)
        if not options.base_url:
            return fault_of(spec, options)
        chat = _chat_spec(spec, chat_options(options) | {"base_url": options.base_url})
        return OpenAIChat.availability(chat, environ)

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = chat_options(parse_options(LlamaCppOptions, spec))
        return OpenAIChat.preview(_chat_spec(spec, options), messages)

    @classmethod
    def serve_command(
        cls, spec: ModelSpec, *, how: ServeHow | None, port: int | None, environ: Mapping[str, str], only_print: bool
    ) -> ServeCommand:
        """Raises ConfigError for a way of starting it: llama.cpp is a program of this machine."""
        if how is not None:
            raise ConfigError(f"model '{spec.name}': --docker and --local are for backend tgi")
        options = parse_options(LlamaCppOptions, spec).model_copy(update={"base_url": "", "api_key_env": None})
        if fault := fault_of(spec, options):
            raise ConfigError(f"model '{spec.name}': {fault}")
        port = port or DEFAULT_PORT
        base_url = f"http://127.0.0.1:{port}/v1"
        given = parse_options(LlamaCppOptions, spec).api_key_env
        # The program in the package insists on a key; the server listens on this machine only.
        key = {KEY_VARIABLE: ""} | ({} if only_print else key_for(spec, given, environ, KEY_VARIABLE))
        return ServeCommand(
            (*_start(spec, options), "--host", "127.0.0.1", "--port", str(port)),
            base_url,
            (f"model.options.base_url={base_url}",),
            environ=key,
        )

    @classmethod
    def for_workers(cls, spec: ModelSpec, workers: int) -> ModelSpec:
        """With a slot for each request that there can be at once."""
        options = parse_options(LlamaCppOptions, spec)
        if options.base_url or options.slots is not None:
            return spec
        slots = min(workers, spec.rates.max_concurrency or workers)
        return spec.model_copy(update={"options": spec.options | {"slots": slots}})

    @classmethod
    def requests_at_a_time(cls, spec: ModelSpec) -> int | None:
        """The slots of a server that is started here."""
        options = parse_options(LlamaCppOptions, spec)
        return None if options.base_url else options.slots

    async def check(self) -> None:
        """Starts the server and waits until it has loaded the model; raises UsageError when it does not."""
        if self._child is not None:
            # A file on the hub is downloaded now, and found again at each start.
            await asyncio.to_thread(model_file, self._file)
            try:
                await self._child.ready()
            except ModelError as error:
                raise UsageError(str(error)) from None
        await super().check()

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        """Raises ModelRefused or PromptTooLong at once, other ModelErrors after the retries."""
        ask = partial(super().generate, messages, sampling, tag=tag, form=form)
        return await (self._child.outlive(ask) if self._child else ask())

    async def aclose(self) -> None:
        """Returns when the server that was started here has ended."""
        await super().aclose()
        if self._child is not None:
            await self._child.aclose()


def _start(spec: ModelSpec, options: LlamaCppOptions) -> list[str]:
    """The command for a model without faults."""
    program, window = program_of(options.program), spec.context_window
    if program is None or window is None:
        raise ConfigError(f"model '{spec.name}': {fault_of(spec, options)}")
    return start_command(program, model_file(spec.model), options, window=window)


def _chat_spec(spec: ModelSpec, options: dict[str, Any]) -> ModelSpec:
    """As `openai_chat` takes it; the server has one model only, so that requests name it as the server does."""
    name = spec.model if parse_options(LlamaCppOptions, spec).base_url else ""
    return spec.model_copy(update={"backend": "openai_chat", "model": name, "options": options})

"""Models of the Hugging Face Transformers library, in this process: text models, quantised ones, and LLaVA."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.errors import ConfigError, ModelRefused, PromptTooLong
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import engine_preview
from webarena_runner.models.shared.tokens import LocalTokens
from webarena_runner.models.transformers.batch import Batcher, Request, closed
from webarena_runner.models.transformers.forms import Forms, lacks_xgrammar
from webarena_runner.models.transformers.generate import Generator
from webarena_runner.models.transformers.load import Loaded, load, missing
from webarena_runner.models.transformers.options import TransformersOptions
from webarena_runner.models.transformers.prompt import Prompts
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

logger = logging.getLogger(__name__)
# For a reply without any limit: neither the request nor the checkpoint has one.
REPLY_TOKENS = 1024


@dataclass(frozen=True)
class _Running:
    """What there is once the model is loaded."""

    loaded: Loaded
    prompts: Prompts
    generator: Generator
    batcher: Batcher
    tokens: LocalTokens
    forms: Forms


class TransformersLocal:
    """One model for all episodes of a run: their requests go through it in batches, in a thread of its own.

    Every request has its own sampling settings, seed and stop texts, whatever else is in its batch.
    """

    Options = TransformersOptions
    on_gpu = True
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._options = parse_options(TransformersOptions, spec)
        fault = _fault(spec, self._options)
        if fault:
            raise ConfigError(fault)
        self._spec = spec
        self._subject = f"model '{spec.name}'"
        self._loading = asyncio.Lock()  # guards _running: the model is loaded once
        self._running: _Running | None = None
        self._requests: set[Request] = set()
        self._noted = False
        self._closed = False

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here, for what is known before the checkpoint is read; else the reason."""
        try:
            options = parse_options(TransformersOptions, spec)
        except ConfigError as error:
            return str(error)
        return _fault(spec, options) or missing(spec, options)

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = parse_options(TransformersOptions, spec)
        return engine_preview(messages, options.prompt_format, options.example_roles)

    @property
    def context_window(self) -> int | None:
        """The smaller of what the model file and the checkpoint say; before it is loaded, what the model file says."""
        windows = [self._spec.context_window, self._running.loaded.window if self._running else None]
        return min((window for window in windows if window is not None), default=None)

    @property
    def estimates_tokens(self) -> bool:
        return False

    @classmethod
    def requests_at_a_time(cls, spec: ModelSpec) -> int | None:
        return parse_options(TransformersOptions, spec).max_batch_size

    @property
    def facts(self) -> dict[str, str]:
        """Of the chat template, once the model is loaded."""
        return self._running.prompts.facts if self._running else {}

    async def check(self) -> None:
        """Loads the model."""
        await self._ready()

    def form_fault(self) -> str:
        return self._running.forms.fault() if self._running else lacks_xgrammar()

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ReplyForm | None = None
    ) -> Completion:
        """Raises PromptTooLong or ModelRefused at once, ModelError when the model fails or has no memory left."""
        started_s = monotonic()
        running = await self._ready()
        if not self._noted:
            # Loading is over before a run's log file is open; here the line gets into it.
            logger.info("%s: %s", self._subject, running.loaded.note)
            self._noted = True
        request = await self._request(running, messages, sampling, form)
        self._requests.add(request)
        try:
            running.batcher.submit(request)
            generated = await asyncio.wrap_future(request.reply)
        finally:
            self._requests.discard(request)
        completion = Completion(
            text=generated.text,
            prompt_tokens=len(request.ids),
            completion_tokens=len(generated.token_ids),
            latency_s=monotonic() - started_s,
            finish_reason=generated.finish_reason,
            prompt_token_ids=tuple(request.ids) if self._options.logprobs else None,
            token_ids=generated.token_ids if self._options.logprobs else None,
            logprobs=generated.logprobs,
        )
        return require_answer(completion, subject=self._subject)

    async def count_tokens(self, text: str) -> int:
        return await (await self._ready()).tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await (await self._ready()).tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        """Ends what is being generated, and lets go of the model's memory."""
        self._closed = True
        running, self._running = self._running, None
        if running is None:
            return
        for request in self._requests:
            request.fail(closed(self._subject))
        await asyncio.to_thread(running.batcher.close)

    async def _ready(self) -> _Running:
        async with self._loading:
            if self._closed:
                raise closed(self._subject)
            if self._running is None:
                self._running = await asyncio.to_thread(self._load)
            return self._running

    def _load(self) -> _Running:
        loaded = load(self._spec, self._options)
        prompts = Prompts(loaded.tokenizer, loaded.processor, self._options, subject=self._subject)
        generator = Generator(
            loaded.model,
            loaded.tokenizer,
            subject=self._subject,
            options=self._options.generate_options,
            keeps_samplers=self._options.sampler_defaults == "checkpoint",
            logprobs=self._options.logprobs,
        )
        batcher = Batcher(
            generator.run,
            subject=self._subject,
            max_batch_size=self._options.max_batch_size,
            wait_s=self._options.batch_wait_ms / 1000,
        )
        forms = Forms(
            loaded.tokenizer,
            ends=generator.ends,
            vocabulary=loaded.model.config.get_text_config().vocab_size,
            subject=self._subject,
        )
        return _Running(loaded, prompts, generator, batcher, LocalTokens(prompts.codec), forms)

    async def _request(
        self, running: _Running, messages: Sequence[Message], sampling: Sampling, form: ReplyForm | None
    ) -> Request:
        if self._options.vision == "none" and any(message.images for message in messages):
            raise ModelRefused(f"{self._subject}: the prompt has images and the model does not see; see option vision")
        ids, images, ends = await asyncio.to_thread(running.prompts.ids_of, messages)
        stops = {text: running.prompts.token_id(text) for text in (*ends, *sampling.stop)}
        window = self.context_window
        room = None if window is None else window - len(ids)
        wanted = sampling.max_tokens or (REPLY_TOKENS if room is None else room)
        if room is not None and wanted > room or wanted < 1:
            raise PromptTooLong(
                f"{self._subject}: the prompt's {len(ids)} tokens and {wanted} for the reply are more than the context "
                f"window of {window}"
            )
        default = running.generator
        return Request(
            ids=ids,
            images=images,
            max_new_tokens=wanted,
            temperature=default.default_temperature if sampling.temperature is None else sampling.temperature,
            top_p=default.default_top_p if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
            stop=tuple(text for text, id_ in stops.items() if id_ is None and text),
            stop_ids=frozenset(id_ for id_ in stops.values() if id_ is not None),
            grammar=None if form is None else await asyncio.to_thread(running.forms.compiled, form),
        )


def _fault(spec: ModelSpec, options: TransformersOptions) -> str | None:
    """What is wrong with a model file, as far as it shows without its checkpoint."""
    if not spec.model:
        return f"model '{spec.name}': `model` is empty; expected a folder with a checkpoint, or OWNER/NAME on the hub"
    if spec.images != "none" and options.vision == "none":
        return f"model '{spec.name}': images: {spec.images} needs a model that sees; set options.vision: llava"
    if options.square_padding and options.vision == "none":
        return f"model '{spec.name}', options.square_padding: needs options.vision: llava"
    if options.prompt_format == "llava-llama3" and options.vision == "none":
        return f"model '{spec.name}', options.prompt_format: llava-llama3 needs options.vision: llava"
    return None

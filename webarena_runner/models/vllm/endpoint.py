"""One vLLM server, running already: chat and completion requests, token counts, metrics."""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.actions.tools import ActionTools
from webarena_runner.errors import ModelError, ModelRefused
from webarena_runner.interfaces import RequestTag, Wish
from webarena_runner.log.wellformed import well_formed
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.models.openai.forms import form_fields
from webarena_runner.models.openai.wire import completion_of, record, wire_sampling
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.formats import FormatName, render
from webarena_runner.models.shared.health import root_url
from webarena_runner.models.shared.http import HttpClient
from webarena_runner.models.shared.probe import try_request
from webarena_runner.models.shared.retry import Transient
from webarena_runner.models.shared.wire import require_logprobs
from webarena_runner.models.vllm.stats import describe_metrics, read_metrics
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

logger = logging.getLogger(__name__)
METRICS_TIMEOUT_S = 5.0


class VllmEndpoint:
    """`chat_options` are those of `openai_chat`; formats other than `template` go to the completion route."""

    def __init__(
        self,
        spec: ModelSpec,
        base_url: str,
        *,
        prompt_format: FormatName,
        chat_options: Mapping[str, Any],
        environ: Mapping[str, str],
    ) -> None:
        options = dict(chat_options) | {"base_url": base_url, "tokenizer": "server"}
        self.chat = OpenAIChat(
            spec.model_copy(update={"backend": "openai_chat", "options": options}), environ=environ, kind="vLLM"
        )
        self.base_url = base_url
        self._format = prompt_format
        self._extra = dict(options["extra_body"])
        self._logprobs = bool(options["logprobs"])
        self._server = self.chat.server
        self._wanted = spec.model
        self._sampling = spec.sampling
        self._with_picture = spec.images == "screenshot"
        self._model = ""
        self._stop_ids: dict[str, int] = {}
        self._metrics = HttpClient(root_url(base_url), timeout_s=METRICS_TIMEOUT_S)

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        if self._format == "template":
            return await self.chat.generate(messages, sampling, tag=tag, form=form)
        if isinstance(form, ActionTools):
            raise ModelRefused(f"{self._server.subject}: {self.tools_fault()}")
        return await self._complete(messages, sampling, tag, form)

    def tools_fault(self) -> str:
        """Why there can be no functions: the completion route has none."""
        if self._format == "template":
            return self.chat.tools_fault()
        return f"prompts in the format {self._format} have no place for functions; set options.prompt_format: template"

    async def probe(self) -> None:
        """Raises ConfigError when requests of a run would be refused."""
        if self._format == "template":
            await self.chat.probe()
            return

        async def send(messages: Sequence[Message], sampling: Sampling) -> None:
            await self._complete(messages, sampling, RequestTag("probe"))

        await try_request(send, self._sampling, with_picture=self._with_picture)

    async def report(self) -> None:
        """Cache hits and queue length, to the log; nothing when the server does not give them."""
        try:
            reply = await self._metrics.request("GET", "/metrics")
        except Transient as error:
            logger.info("%s: no metrics: %s", self._server.subject, error)
            return
        if reply.is_success:
            logger.info("%s: %s", self._server.subject, describe_metrics(read_metrics(reply.text)))

    async def aclose(self) -> None:
        await self.chat.aclose()
        await self._metrics.aclose()

    async def _complete(
        self, messages: Sequence[Message], sampling: Sampling, tag: RequestTag, form: ReplyForm | None = None
    ) -> Completion:
        prompt = render(self._format, await self.chat.safe(messages))
        if prompt.images:
            raise ModelRefused(
                f"{self._server.subject}: the completion route takes no images; set options.prompt_format: template, "
                "or use backend vllm"
            )
        self._model = self._model or await self._server.find_model(self._wanted)
        await self._learn_stops(prompt.stop)
        wired = wire_sampling(sampling, max_tokens_field="max_tokens")
        texts = [text for text in prompt.stop if text not in self._stop_ids]
        body = {
            "model": self._model,
            "prompt": prompt.text,
            "add_special_tokens": not prompt.has_bos,
            **wired,
            **self.chat.sampler_fields,
            "stop": [*wired.get("stop", ()), *texts],
            "stop_token_ids": list(self._stop_ids.values()),
            "request_id": f"{tag}-{uuid.uuid4().hex[:8]}",
            # None but the generated token's own.
            **({"logprobs": 0} if self._logprobs else {}),
            **self._extra,
            **(form_fields("vLLM", form) if form else {}),
        }
        if sampling.max_tokens is None:
            body["max_tokens"] = await self._room(body)
        started_s = time.monotonic()
        reply = await self._server.post_beside("/v1/completions", body)
        completion = self._read(reply, time.monotonic() - started_s)
        if self._logprobs:
            require_logprobs(completion, subject=self._server.subject)
        return completion

    async def _learn_stops(self, stops: Sequence[str]) -> None:
        """Ids of stop texts that are one special token, which the server leaves out of the text that it compares."""
        for text in set(stops) - set(self._stop_ids):
            body = {"model": self._model, "prompt": text, "add_special_tokens": False}
            reply = await self._server.post_beside("/tokenize", body)
            ids = reply.get("tokens") if isinstance(reply, dict) else None
            if isinstance(ids, list) and len(ids) == 1:
                self._stop_ids[text] = ids[0]

    async def _room(self, body: Mapping[str, Any]) -> int:
        """Tokens of the context window that the prompt leaves: the route's own default is 16."""
        wanted = {name: body[name] for name in ("model", "prompt", "add_special_tokens")}
        reply = await self._server.post_beside("/tokenize", wanted)
        try:
            return max(1, int(reply["max_model_len"]) - int(reply["count"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{self._server.subject}: /tokenize gives no {error}; set sampling.max_tokens") from None

    def _read(self, reply: Any, latency_s: float) -> Completion:
        choices = record(reply).get("choices")
        choice = record(choices[0] if isinstance(choices, list) and choices else None)
        if not isinstance(choice.get("text"), str):
            raise ModelError(f"{self._server.subject}: the reply is no completion: {str(reply)[:200]}")
        completion = completion_of(
            reply,
            choice,
            record(reply.get("usage")),
            well_formed(choice["text"]),
            subject=self._server.subject,
            logprobs=record(choice.get("logprobs")).get("token_logprobs"),
        )
        return require_answer(completion, subject=self._server.subject).model_copy(update={"latency_s": latency_s})

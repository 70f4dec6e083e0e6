"""A model backend: a server of one's own, with a route that takes a prompt."""

import time
from collections.abc import Mapping, Sequence

import httpx
from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.interfaces import ObservationUnit, RequestTag
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.tokens import Estimate
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling


class HouseOptions(PlugInOptions):
    """What a model file may say under `options`; an unknown key is an error."""

    url: str
    """Where prompts are posted to."""
    timeout_s: float = 60
    """Seconds until a request counts as failed."""


class InHouse:
    """Posts `{"prompt": ..., "temperature": ...}` and reads `{"text": ...}`."""

    Options = HouseOptions
    observation_unit: ObservationUnit = "tokens"
    estimates_tokens = True

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._options = parse_options(HouseOptions, spec)
        self._client = httpx.AsyncClient(timeout=self._options.timeout_s)
        self._tokens = Estimate()
        self.context_window = spec.context_window

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        """Why it cannot run here, for `wa-run models list`; None: it can."""
        try:
            parse_options(HouseOptions, spec)
        except ConfigError as error:
            return str(error)
        return None

    async def check(self) -> None:
        """Called before a run: an answer to anything will do."""
        try:
            await self._post("Are you there?", Sampling())
        except ModelError as error:
            raise ConfigError(f"{error}; start it, or correct options.url") from error

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag
    ) -> Completion:
        prompt = "\n\n".join(f"{message.role}: {message.content}" for message in messages)
        began = time.monotonic()
        text = await self._post(prompt, sampling)
        return Completion(
            text=text,
            prompt_tokens=await self._tokens.count(prompt),
            completion_tokens=await self._tokens.count(text),
            latency_s=time.monotonic() - began,
        )

    async def count_tokens(self, text: str) -> int:
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, prompt: str, sampling: Sampling) -> str:
        """Raises ModelError: the attempt has no score then, and a later one tries again."""
        body = {"prompt": prompt, "temperature": sampling.temperature}
        try:
            reply = await self._client.post(self._options.url, json=body)
            return str(reply.raise_for_status().json()["text"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ModelError(
                f"{self._options.url}: expected a JSON object with a text: {error}"
            ) from error

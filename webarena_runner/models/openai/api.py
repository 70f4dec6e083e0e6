"""A connection to one server with OpenAI's API: requests with retries, errors in our terms, the models it serves."""

import json
from collections.abc import Awaitable, Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import openai
from openai.types.chat import ChatCompletion

from webarena_runner.errors import ConfigError, EpisodeError, ModelRefused
from webarena_runner.models.openai.wire import read_error
from webarena_runner.models.shared.retry import RetryPolicy, Transient, with_retries
from webarena_runner.models.shared.wire import CONNECT_TIMEOUT_S, is_local

Reply = TypeVar("Reply")


class OpenAIServer:
    """`subject` begins every error text; the key appears in none."""

    def __init__(self, base_url: str, key: str, *, subject: str, policy: RetryPolicy, timeout_s: float) -> None:
        self.subject = subject
        self._base_url = base_url
        self._key = key
        self._policy = policy
        self._timeout_s = timeout_s
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=key or "none",
            max_retries=0,
            timeout=openai.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            # A proxy of the environment cannot reach servers on this machine.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False) if is_local(base_url) else None,
        )

    async def chat(
        self, body: Mapping[str, Any], *, extra: Mapping[str, Any], request_id: Callable[[], str]
    ) -> tuple[ChatCompletion, int]:
        """The reply and the number of failed attempts before it; each attempt has a request id of its own."""

        async def attempt() -> ChatCompletion:
            headers = {"X-Request-Id": request_id()}
            reply: ChatCompletion = await self._client.chat.completions.create(
                **body, extra_body=extra, extra_headers=headers
            )
            return reply

        return await self._with_retries(attempt, wanted=body["model"])

    async def post_beside(self, path: str, body: Mapping[str, Any]) -> Any:
        """JSON from a route beside `/v1`, as model servers have them."""
        url = self._base_url.rstrip("/").removesuffix("/v1") + path
        reply, _ = await self._with_retries(lambda: self._client.post(url, body=body, cast_to=object))
        return reply

    async def models(self) -> dict[str, dict[str, Any]]:
        """The models by id as `GET /models` describes them, asked once; raises Transient when no server answers."""
        try:
            page: Any = await self._client.get("/models", cast_to=object)
        except openai.APIError as error:
            raise self._meaning(error) from None
        except json.JSONDecodeError:
            page = None
        entries = page.get("data") if isinstance(page, dict) else None
        if not isinstance(entries, list):
            raise ModelRefused(f"{self.subject}: GET /models gives no list; is it the URL of an OpenAI API (.../v1)?")
        return {str(entry["id"]): entry for entry in entries if isinstance(entry, dict) and "id" in entry}

    def choose(self, served: Mapping[str, Any], wanted: str) -> str:
        """The model to ask for: the wanted one, or, when that is "", the only one.

        Raises:
            ConfigError: the server has no such model; it lists what there is.
        """
        known = ", ".join(list(served)[:20]) + (", ..." if len(served) > 20 else "") or "none"
        if wanted in served:
            return wanted
        if not wanted and len(served) == 1:
            return next(iter(served))
        if not wanted:
            raise ConfigError(f"{self.subject}: set `model` to one of the server's models: {known}")
        close = get_close_matches(wanted, served, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ConfigError(f"{self.subject}: unknown model '{wanted}'{hint}; the server's models: {known}")

    async def find_model(self, wanted: str) -> str:
        served, _ = await with_retries(self.models, self._policy, subject=self.subject)
        try:
            return self.choose(served, wanted)
        except ConfigError as error:
            raise ModelRefused(str(error)) from None

    async def aclose(self) -> None:
        await self._client.close()

    async def _with_retries(
        self, request: Callable[[], Awaitable[Reply]], *, wanted: str | None = None
    ) -> tuple[Reply, int]:
        async def attempt() -> Reply:
            try:
                return await request()
            except openai.NotFoundError as error:
                raise await self._not_found(error, wanted) from None
            except openai.APIError as error:
                raise self._meaning(error) from None
            except json.JSONDecodeError as error:
                raise Transient(f"the reply is not JSON: {error}") from None

        return await with_retries(attempt, self._policy, subject=self.subject)

    async def _not_found(self, error: openai.APIError, wanted: str | None) -> EpisodeError | Transient:
        """A 404 of a chat request names the models that there are, if that is what was wrong."""
        if wanted is not None:
            try:
                self.choose(await self.models(), wanted)
            except (ConfigError, EpisodeError, Transient) as reason:
                return ModelRefused(str(reason))
        return self._meaning(error)

    def _meaning(self, error: openai.APIError) -> EpisodeError | Transient:
        return read_error(error, subject=self.subject, timeout_s=self._timeout_s, redact=self._redact)

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

"""The Gemini API through google-generativeai, the older package; Google no longer supports it."""

import asyncio
import json
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from google.ai import generativelanguage as glm
from google.ai.generativelanguage_v1beta.services.generative_service.transports.rest import (
    DEFAULT_CLIENT_INFO,
    GenerativeServiceRestTransport,
)
from google.ai.generativelanguage_v1beta.services.model_service.transports.rest import ModelServiceRestTransport
from google.auth.credentials import AnonymousCredentials
from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]

from webarena_runner.models.gemini.answer import read_answer
from webarena_runner.models.gemini.wire import Content, Image, ModelFacts, Prompt, Reply, Settings
from webarena_runner.models.shared.retry import Transient

Result = TypeVar("Result")
# Else it retries for ten minutes, whatever its timeout.
_NO_RETRIES = {"retry": None}


class GoogleGenerativeAI:
    """Its calls block, so each runs in a thread; their requests run in the event loop, where they can be cancelled.

    Its own asynchronous calls cannot be used: they fail unless the transport is gRPC.
    """

    def __init__(self, http: httpx.AsyncClient, key: str, *, max_threads: int, safety_settings: dict[str, str]) -> None:
        self._http = http
        self._key = key
        self._safety = safety_settings
        self._threads = ThreadPoolExecutor(max_threads, thread_name_prefix="gemini")
        with warnings.catch_warnings():
            # It warns of the end of its support, which our own check says in one line.
            warnings.simplefilter("ignore", FutureWarning)
            self._genai: Any = import_module("google.generativeai")

    async def generate(self, model: str, prompt: Prompt, settings: Settings) -> Reply:
        def ask(session: "_Session") -> Reply:
            chosen = self._genai.GenerativeModel(
                model,
                system_instruction=prompt.system or None,
                safety_settings=self._safety or None,
                generation_config=self._config(settings),
            )
            chosen._client = session.generative_client()
            contents = [_content(content) for content in prompt.contents]
            session.seed = settings.seed
            chosen.generate_content(contents, request_options=_NO_RETRIES)
            return read_answer(session.answer, _name_of)

        return await self._call(ask)

    async def count_tokens(self, model: str, text: str) -> int:
        def ask(session: "_Session") -> int:
            chosen = self._genai.GenerativeModel(model)
            chosen._client = session.generative_client()
            contents = [_content(Content("user", (text,)))]
            return int(chosen.count_tokens(contents, request_options=_NO_RETRIES).total_tokens)

        return await self._call(ask)

    async def facts(self, model: str) -> ModelFacts:
        name = model if "/" in model else f"models/{model}"

        def ask(session: "_Session") -> ModelFacts:
            found = self._genai.get_model(name, client=session.model_client(), request_options=_NO_RETRIES)
            return ModelFacts(found.input_token_limit or None, tuple(found.supported_generation_methods))

        return await self._call(ask)

    async def model_names(self) -> list[str]:
        def ask(session: "_Session") -> list[str]:
            found = self._genai.list_models(client=session.model_client(), request_options=_NO_RETRIES)
            return [model.name.removeprefix("models/") for model in found]

        return await self._call(ask)

    async def aclose(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _config(self, settings: Settings) -> Any:
        names = vars(settings).keys() - {"seed", "thinking_budget", "thinking_level"}
        chosen = {name: getattr(settings, name) for name in names if getattr(settings, name) not in (None, ())}
        return self._genai.GenerationConfig(**chosen)

    async def _call(self, ask: Callable[["_Session"], Result]) -> Result:
        loop = asyncio.get_running_loop()
        session = _Session(self._http, self._key, loop)
        try:
            return await loop.run_in_executor(self._threads, ask, session)
        except ParseError as error:
            raise Transient(f"unreadable reply: {error}") from None
        finally:
            session.end()


class _Session:
    """What the package's REST transport uses of a `requests` session, for one call and over our own HTTP client.

    A `requests` session cannot be interrupted: a cancelled call would hold its thread until the server answers.
    """

    def __init__(self, http: httpx.AsyncClient, key: str, loop: asyncio.AbstractEventLoop) -> None:
        self._http = http
        self._key = key
        self._loop = loop
        self._lock = threading.Lock()  # guards the two below, which the thread and the event loop use
        self._request: Future[httpx.Response] | None = None
        self._ended = False
        self.seed: int | None = None  # sent with the next request; the package has no field for it
        self.answer: dict[str, Any] = {}  # the JSON object that came last

    def generative_client(self) -> Any:
        return glm.GenerativeServiceClient(transport=self._within(GenerativeServiceRestTransport))

    def model_client(self) -> Any:
        return glm.ModelServiceClient(transport=self._within(ModelServiceRestTransport))

    def post(self, url: str, **request: Any) -> httpx.Response:
        return self._send("POST", url, **request)

    def get(self, url: str, **request: Any) -> httpx.Response:
        return self._send("GET", url, **request)

    def end(self) -> None:
        """Ends the request that is under way, and with it the thread."""
        with self._lock:
            self._ended = True
            if self._request is not None:
                self._request.cancel()

    def _within(self, transport: Any) -> Any:
        # The transport needs some address; _send puts the path below base_url.
        within = transport(host="gemini:443", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        within._session = self
        # Its methods are kept by what they hold, and they hold the session.
        within._prep_wrapped_messages(DEFAULT_CLIENT_INFO)
        return within

    def _send(
        self, method: str, url: str, *, headers: dict[str, str], params: Any, data: str | None = None, timeout: Any
    ) -> httpx.Response:
        """The timeout is that of the HTTP client, not the package's own of ten minutes."""
        if data is not None and self.seed is not None:
            body = json.loads(data)
            data = json.dumps(body | {"generationConfig": body.get("generationConfig", {}) | {"seed": self.seed}})
        coroutine = self._http.request(
            method,
            urlsplit(url).path,
            params=params,
            content=data,
            headers={**headers, "x-goog-api-key": self._key},
        )
        with self._lock:
            if self._ended:
                coroutine.close()
                raise asyncio.CancelledError
            self._request = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        response = self._request.result()
        self.answer = response.json()
        return response


def _content(content: Content) -> dict[str, Any]:
    parts: list[Any] = [
        {"inline_data": {"mime_type": part.mime_type, "data": part.data}} if isinstance(part, Image) else {"text": part}
        for part in content.parts
    ]
    return {"role": content.role, "parts": parts}


def _name_of(key: str, value: Any) -> str:
    """Enum values come as numbers, since the package asks for them; one that is newer than the package stays that."""
    kinds: dict[str, Any] = {
        "finishReason": glm.Candidate.FinishReason,
        "blockReason": glm.GenerateContentResponse.PromptFeedback.BlockReason,
        "probability": glm.SafetyRating.HarmProbability,
        "category": glm.HarmCategory,
    }
    known = {each.value: each.name for each in kinds[key]}
    return str(known.get(value, "" if value is None else value))

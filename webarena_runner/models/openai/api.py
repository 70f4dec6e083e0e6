"""A connection to one server with OpenAI's API: requests with retries, errors in our terms, the models it serves."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import quote

from webarena_runner.errors import ConfigError, EpisodeError, ModelError, ModelRefused
from webarena_runner.models.shared.advice import advice
from webarena_runner.models.shared.error_replies import error_in_success, meaning, read_error_reply
from webarena_runner.models.shared.health import root_url
from webarena_runner.models.shared.http import HttpClient, HttpReply
from webarena_runner.models.shared.retry import RetryPolicy, Transient, with_retries

Reply = TypeVar("Reply")
PEEK_S = 5.0
_WHERE = "is base_url that of an OpenAI-compatible API (.../v1)?"


class OpenAIServer:
    """`subject` begins every error text; none of the `secrets` appears in one."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        secrets: tuple[str, ...],
        subject: str,
        policy: RetryPolicy,
        timeout_s: float,
    ) -> None:
        self.subject = subject
        self._root = root_url(base_url)
        self._secrets = secrets
        self._policy = policy
        self._http = HttpClient(base_url, timeout_s=timeout_s, headers=headers, query=query)

    async def chat(
        self,
        body: Mapping[str, Any],
        *,
        request_id: Callable[[], str],
        read: Callable[[Any], Reply],
        max_retries: int | None = None,
    ) -> tuple[Reply, int]:
        """What `read` makes of the reply, and the number of failed attempts before it; each has an id of its own."""
        policy = self._policy if max_retries is None else replace(self._policy, max_retries=max_retries)

        async def attempt() -> Reply:
            return read(await self._post("/chat/completions", body, {"X-Request-Id": request_id()}))

        return await self._with_retries(attempt, policy, wanted=str(body["model"]))

    async def post_beside(self, path: str, body: Mapping[str, Any]) -> Any:
        """JSON from a route beside `/v1`, as model servers have them."""
        reply, _ = await self._with_retries(lambda: self._post(self._root + path, body), self._policy)
        return reply

    async def peek_beside(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """JSON from a route beside `/v1` that only some servers have; None when it gives none in one attempt."""
        try:
            method = "GET" if body is None else "POST"
            reply = await self._http.request(method, self._root + path, body, timeout_s=PEEK_S)
            return reply.json() if reply.is_success else None
        except Transient:
            return None

    async def models(self) -> dict[str, dict[str, Any]]:
        """The models by id as `GET /models` describes them, asked once.

        Raises:
            Transient: no server answers.
            ModelRefused: there is no such list, or the key is wrong.
        """
        reply = await self._http.request("GET", "/models")
        if not reply.is_success:
            raise self._meaning(reply)
        return {**_models_in(_json_or_none(reply), self.subject)}

    def choose(self, served: Mapping[str, Any], wanted: str) -> str:
        """The model to ask for: the wanted one, or, when that is "", the only one.

        Raises:
            ConfigError: the server lists no such model; it says what there is.
        """
        known = ", ".join(list(served)[:20]) + (", ..." if len(served) > 20 else "") or "none"
        if wanted in served:
            return wanted
        if not wanted and len(served) == 1:
            return next(iter(served))
        if not wanted:
            raise ConfigError(f"{self.subject}: set `model` to one of the server's models: {known}")
        close = nearest(wanted, served)
        hint = f" (did you mean '{close}'?)" if close else ""
        raise ConfigError(f"{self.subject}: unknown model '{wanted}'{hint}; the server's models: {known}")

    @property
    def refusals(self) -> int:
        """How often the server said that it is asked too much."""
        return self._policy.refusals.count

    async def find_model(self, wanted: str) -> str:
        """The model to ask for, by the server's list; a wanted one that is not listed may still be served."""
        if wanted:
            return wanted
        served, _ = await with_retries(self.models, self._policy, subject=self.subject)
        try:
            return self.choose(served, wanted)
        except ConfigError as error:
            raise ModelRefused(str(error)) from None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        reply = await self._http.request("POST", path, body, headers=headers)
        if not reply.is_success:
            raise _Refusal(reply)
        if "html" in reply.headers.get("content-type", ""):
            raise ModelError(f"{self.subject}: the reply is a web page and no chat completion; {_WHERE}")
        decoded = reply.json()
        error = error_in_success(decoded, reply.headers)
        if error is not None:
            raise meaning(error, subject=self.subject, redact=self._redact, advise=advice)
        return decoded

    async def _with_retries(
        self, request: Callable[[], Awaitable[Reply]], policy: RetryPolicy, *, wanted: str | None = None
    ) -> tuple[Reply, int]:
        async def attempt() -> Reply:
            try:
                return await request()
            except _Refusal as refusal:
                if refusal.reply.status == 404 and wanted is not None:
                    raise await self._not_found(refusal.reply, wanted) from None
                raise self._meaning(refusal.reply) from None
            except Transient as error:
                raise type(error)(self._redact(str(error)), error.retry_after_s) from None

        return await with_retries(attempt, policy, subject=self.subject)

    async def _not_found(self, reply: HttpReply, wanted: str) -> EpisodeError | Transient:
        """A 404 of a chat request names the models that there are, if that is what was wrong."""
        told = self._meaning(reply)
        if isinstance(told, Transient):
            return told
        try:
            self.choose(await self.models(), wanted)
        except ConfigError as reason:
            return ModelRefused(f"{reason} (HTTP 404)")
        except (EpisodeError, Transient):
            return ModelRefused(f"{told}; {_WHERE}")
        return told

    def _meaning(self, reply: HttpReply) -> EpisodeError | Transient:
        return meaning(read_error_reply(reply), subject=self.subject, redact=self._redact, advise=advice)

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text


class _Refusal(Exception):
    """A reply with another status than success."""

    def __init__(self, reply: HttpReply) -> None:
        super().__init__(f"HTTP {reply.status}")
        self.reply = reply


def nearest(wanted: str, served: Mapping[str, Any]) -> str | None:
    """The listed name that is most like the wanted one: one of which it is a part, or one that is spelt alike."""
    part = next((name for name in served if wanted and (wanted in name or name in wanted)), None)
    return part or next(iter(get_close_matches(wanted, served, n=1)), None)


def path_of(name: str) -> str:
    """A model's name as part of a path; names have slashes."""
    return quote(name, safe="/")


def _json_or_none(reply: HttpReply) -> Any:
    try:
        return reply.json()
    except Transient:
        return None


def _models_in(page: Any, subject: str) -> Mapping[str, dict[str, Any]]:
    """Raises ModelRefused when a reply of GET /models lists no models."""
    entries = page.get("data", page.get("models")) if isinstance(page, dict) else page
    if not isinstance(entries, list):
        raise ModelRefused(f"{subject}: GET /models gives no list; {_WHERE}")
    records = [{"id": entry} if isinstance(entry, str) else entry for entry in entries]
    named = [(entry.get("id") or entry.get("name"), entry) for entry in records if isinstance(entry, dict)]
    return {str(name): entry for name, entry in named if name}

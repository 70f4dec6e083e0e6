"""The Gemini API through google-genai, the package that Google maintains."""

import ssl
from typing import Any

import httpx
from google import genai
from google.genai import types
from pydantic import ValidationError

from webarena_runner.models.gemini.wire import Image, ModelFacts, Part, Prompt, Reply, Settings
from webarena_runner.models.shared.retry import Transient


class GoogleGenai:
    """Asynchronous to the socket, so that cancelling a call ends its request."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        key: str,
        *,
        api_version: str,
        timeout_s: float,
        safety_settings: dict[str, str],
    ) -> None:
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = genai.Client(
            # Said here, lest variables of the environment choose Vertex AI or another address.
            vertexai=False,
            api_key=key,
            http_options=types.HttpOptions(
                base_url=str(http.base_url),
                api_version=api_version,
                timeout=max(1, round(timeout_s * 1000)),
                httpx_async_client=http,
                # For clients that are made and never used; else each loads all certificates.
                async_client_args={"verify": unused, "ssl": unused},
            ),
        )
        self._models = self._client.aio.models
        self._safety = [
            types.SafetySetting(category=types.HarmCategory(category), threshold=types.HarmBlockThreshold(threshold))
            for category, threshold in safety_settings.items()
        ]

    async def generate(self, model: str, prompt: Prompt, settings: Settings) -> Reply:
        contents: Any = [
            types.Content(role=content.role, parts=[_part(part) for part in content.parts])
            for content in prompt.contents
        ]
        config = self._config(prompt.system, settings)
        try:
            reply = await self._models.generate_content(model=model, contents=contents, config=config)
        except ValidationError as error:
            raise Transient(f"unreadable reply: {error.errors()[0]['msg']}") from None
        return _read(reply)

    async def count_tokens(self, model: str, text: str) -> int:
        counted = await self._models.count_tokens(
            model=model, contents=types.Content(role="user", parts=[types.Part(text=text)])
        )
        return counted.total_tokens or 0

    async def facts(self, model: str) -> ModelFacts:
        found = await self._models.get(model=model)
        return ModelFacts(found.input_token_limit, tuple(found.supported_actions or ()))

    async def model_names(self) -> list[str]:
        return [(model.name or "").removeprefix("models/") async for model in await self._models.list()]

    async def aclose(self) -> None:
        await self._client.aio.aclose()
        self._client.close()

    def _config(self, system: str, settings: Settings) -> types.GenerateContentConfig:
        thinking = {
            name: value
            for name, value in (
                ("thinking_budget", settings.thinking_budget),
                ("thinking_level", settings.thinking_level and settings.thinking_level.upper()),
            )
            if value is not None
        }
        return types.GenerateContentConfig(
            system_instruction=system or None,
            temperature=settings.temperature,
            top_p=settings.top_p,
            top_k=settings.top_k,
            candidate_count=settings.candidate_count,
            max_output_tokens=settings.max_output_tokens,
            stop_sequences=list(settings.stop_sequences) or None,
            seed=settings.seed,
            response_mime_type=settings.response_mime_type,
            thinking_config=types.ThinkingConfig.model_validate(thinking) if thinking else None,
            safety_settings=self._safety or None,
        )


def _part(part: Part) -> types.Part:
    if isinstance(part, Image):
        return types.Part.from_bytes(data=part.data, mime_type=part.mime_type)
    return types.Part(text=part)


def _read(reply: types.GenerateContentResponse) -> Reply:
    candidates, feedback, usage = reply.candidates or [], reply.prompt_feedback, reply.usage_metadata
    texts = [_text(candidate) for candidate in candidates]
    chosen = next((number for number, text in enumerate(texts) if text), 0)
    candidate = candidates[chosen] if candidates else None
    prompt, said = (usage and usage.prompt_token_count) or 0, (usage and usage.candidates_token_count) or 0
    total, thoughts = (usage and usage.total_token_count) or 0, (usage and usage.thoughts_token_count) or 0
    rated = (candidate.safety_ratings if candidate else feedback and feedback.safety_ratings) or []
    return Reply(
        text=texts[chosen] if texts else "",
        candidates=len(candidates),
        finish_reason=str(candidate.finish_reason.value) if candidate and candidate.finish_reason else "",
        block_reason=str(feedback.block_reason.value) if feedback and feedback.block_reason else "",
        message=(candidate.finish_message if candidate else feedback and feedback.block_reason_message) or "",
        ratings=tuple(
            f"{rating.category.value}={rating.probability.value}"
            for rating in rated
            if rating.category and rating.probability and (rating.blocked or rating.probability.value != "NEGLIGIBLE")
        ),
        prompt_tokens=prompt,
        completion_tokens=said,
        # What else is in the total is paid for as well.
        thought_tokens=max(thoughts, total - prompt - said),
        cached_tokens=(usage and usage.cached_content_token_count) or 0,
    )


def _text(candidate: types.Candidate) -> str:
    parts = (candidate.content and candidate.content.parts) or []
    return "".join(part.text for part in parts if part.text and not part.thought)

"""The Gemini API through google-genai, the package that Google maintains."""

import base64
import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from google import genai
from google.genai import types
from pydantic import ValidationError

from webarena_runner.actions.tools import arguments_of
from webarena_runner.models.gemini.wire import Image, ModelFacts, Part, Prompt, Reply, Result, Settings
from webarena_runner.models.shared.retry import Transient
from webarena_runner.types import ToolCall


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
        config = self._config(prompt, settings)
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

    def _config(self, prompt: Prompt, settings: Settings) -> types.GenerateContentConfig:
        thinking = {
            name: value
            for name, value in (
                ("thinking_budget", settings.thinking_budget),
                ("thinking_level", settings.thinking_level and settings.thinking_level.upper()),
            )
            if value is not None
        }
        return types.GenerateContentConfig(
            system_instruction=prompt.system or None,
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
            **_offered(prompt.functions),
        )


def _offered(functions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What of a request gives the model functions, of which it has to call one."""
    if not functions:
        return {}
    declared = [
        types.FunctionDeclaration(
            name=each["name"], description=each["description"], parameters_json_schema=each["parameters"]
        )
        for each in functions
    ]
    calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY)
    return {
        "tools": [types.Tool(function_declarations=declared)],
        "tool_config": types.ToolConfig(function_calling_config=calling),
    }


def _part(part: Part) -> types.Part:
    match part:
        case Image():
            return types.Part.from_bytes(data=part.data, mime_type=part.mime_type)
        case ToolCall():
            # What the API sent was an object; a call that was recorded elsewhere may not be one.
            called = types.FunctionCall(name=part.name, args=arguments_of(part) or {}, id=part.id or None)
            signature = base64.b64decode(part.signature) if part.signature else None
            return types.Part(function_call=called, thought_signature=signature)
        case Result(call=call, text=text):
            answer = types.FunctionResponse(name=call.name, response={"result": text}, id=call.id or None)
            return types.Part(function_response=answer)
    return types.Part(text=part)


def _read(reply: types.GenerateContentResponse) -> Reply:
    candidates, feedback, usage = reply.candidates or [], reply.prompt_feedback, reply.usage_metadata
    texts, calls = [_text(candidate) for candidate in candidates], [_calls(candidate) for candidate in candidates]
    chosen = next((number for number, said in enumerate(zip(texts, calls, strict=True)) if any(said)), 0)
    candidate = candidates[chosen] if candidates else None
    prompt, said = (usage and usage.prompt_token_count) or 0, (usage and usage.candidates_token_count) or 0
    total, thoughts = (usage and usage.total_token_count) or 0, (usage and usage.thoughts_token_count) or 0
    rated = (candidate.safety_ratings if candidate else feedback and feedback.safety_ratings) or []
    return Reply(
        text=texts[chosen] if texts else "",
        calls=calls[chosen] if calls else (),
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


def _calls(candidate: types.Candidate) -> tuple[ToolCall, ...]:
    parts = (candidate.content and candidate.content.parts) or []
    return tuple(
        ToolCall(
            name=part.function_call.name or "",
            arguments=json.dumps(part.function_call.args or {}),
            id=part.function_call.id or "",
            signature=base64.b64encode(part.thought_signature).decode() if part.thought_signature else "",
        )
        for part in parts
        if part.function_call
    )

"""The Gemini API's own JSON of a reply, for a package that leaves out what is newer than itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from webarena_runner.models.gemini.wire import Reply

# The API's name of an enum value, by the key that it is under.
NameOf = Callable[[str, Any], str]


def read_answer(body: Mapping[str, Any], name_of: NameOf) -> Reply:
    """What is of another type than documented is taken for absent."""
    candidates = [each for each in _list(body, "candidates") if isinstance(each, dict)]
    feedback, usage = _mapping(body, "promptFeedback"), _mapping(body, "usageMetadata")
    texts = [_text(candidate) for candidate in candidates]
    chosen = next((number for number, text in enumerate(texts) if text), 0)
    candidate = candidates[chosen] if candidates else {}
    prompt, said = _count(usage, "promptTokenCount"), _count(usage, "candidatesTokenCount")
    return Reply(
        text=texts[chosen] if texts else "",
        candidates=len(candidates),
        finish_reason=name_of("finishReason", candidate.get("finishReason")),
        block_reason=name_of("blockReason", feedback.get("blockReason")),
        message=str((candidate.get("finishMessage") if candidates else feedback.get("blockReasonMessage")) or ""),
        ratings=_ratings(candidate if candidates else feedback, name_of),
        prompt_tokens=prompt,
        completion_tokens=said,
        thought_tokens=max(_count(usage, "thoughtsTokenCount"), _count(usage, "totalTokenCount") - prompt - said),
        cached_tokens=_count(usage, "cachedContentTokenCount"),
    )


def _text(candidate: Mapping[str, Any]) -> str:
    parts = _list(_mapping(candidate, "content"), "parts")
    spoken = (part for part in parts if isinstance(part, dict) and not part.get("thought"))
    return "".join(text for part in spoken if isinstance(text := part.get("text"), str))


def _ratings(rated: Mapping[str, Any], name_of: NameOf) -> tuple[str, ...]:
    found = []
    for rating in (each for each in _list(rated, "safetyRatings") if isinstance(each, dict)):
        probability = name_of("probability", rating.get("probability"))
        if rating.get("blocked") or probability != "NEGLIGIBLE":
            found.append(f"{name_of('category', rating.get('category'))}={probability}")
    return tuple(found)


def _mapping(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _list(body: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = body.get(key)
    return value if isinstance(value, list) else ()


def _count(usage: Mapping[str, Any], key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) and value > 0 else 0

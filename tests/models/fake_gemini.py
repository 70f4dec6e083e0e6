"""A server on loopback that speaks the Gemini API as its reference documents it, with faults to order."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.models.fake_openai import Reply, Request, Server, echo

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Numbers of the enums of google.ai.generativelanguage, which the REST API gives when a request asks for them.
NUMBERS = {
    "finishReason": {
        "STOP": 1,
        "MAX_TOKENS": 2,
        "SAFETY": 3,
        "RECITATION": 4,
        "OTHER": 5,
        "LANGUAGE": 6,
        "BLOCKLIST": 7,
        "PROHIBITED_CONTENT": 8,
        "SPII": 9,
        "MALFORMED_FUNCTION_CALL": 10,
        "IMAGE_SAFETY": 11,
        "UNEXPECTED_TOOL_CALL": 12,
    },
    "blockReason": {"SAFETY": 1, "OTHER": 2, "BLOCKLIST": 3, "PROHIBITED_CONTENT": 4, "IMAGE_SAFETY": 5},
    "probability": {"NEGLIGIBLE": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4},
    "category": {
        "HARM_CATEGORY_HARASSMENT": 7,
        "HARM_CATEGORY_HATE_SPEECH": 8,
        "HARM_CATEGORY_SEXUALLY_EXPLICIT": 9,
        "HARM_CATEGORY_DANGEROUS_CONTENT": 10,
    },
}
NEGLIGIBLE = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]


def error(
    status: int,
    message: str,
    *,
    headers: dict[str, str] | None = None,
    details: list[dict[str, Any]] | None = None,
) -> Reply:
    body: dict[str, Any] = {"code": status, "message": message, "status": STATUSES[status]}
    if details:
        body["details"] = details
    return Reply(status, {"error": body}, headers or {})


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota_failure(*ids: str) -> dict[str, Any]:
    """As a project of the free tier gets it: one violation per quota that is used up."""
    return {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [
            {
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": name,
                "quotaDimensions": {"location": "global", "model": "tiny"},
                "quotaValue": "50",
            }
            for name in ids
        ],
    }


def wrong_key(sent: str) -> Reply:
    reason = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    return error(400, f"API key not valid: {sent}. Please pass a valid API key.", details=[reason])


def candidate(*texts: str, finish_reason: str = "STOP", **fields: Any) -> dict[str, Any]:
    return {
        "content": {"parts": [{"text": text} for text in texts], "role": "model"},
        "finishReason": finish_reason,
        "index": 0,
        "safetyRatings": NEGLIGIBLE,
    } | fields


def reply(*candidates: dict[str, Any], usage: dict[str, int] | None = None, **fields: Any) -> dict[str, Any]:
    """The documented body of a GenerateContentResponse."""
    counts = usage or {"promptTokenCount": 30, "candidatesTokenCount": 5, "totalTokenCount": 35}
    return {"candidates": list(candidates), "usageMetadata": counts, "modelVersion": "tiny-001"} | fields


def completion(text: str) -> dict[str, Any]:
    return reply(candidate(text))


def model(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 32768,
        "outputTokenLimit": 8192,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    } | fields


def numbered(body: Any, name: str = "") -> Any:
    """A body with its enum values as numbers."""
    if isinstance(body, dict):
        return {key: numbered(value, key) for key, value in body.items()}
    if isinstance(body, list):
        return [numbered(value) for value in body]
    return NUMBERS.get(name, {}).get(body, body) if isinstance(body, str) else body


@dataclass
class GeminiServer(Server):
    """Counts a token a word. Under /v1 and /v1beta, and under whatever comes before them, as behind a proxy."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [model("tiny")])
    page_size: int = 50

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def chats(self) -> list[Request]:
        return [request for request in self.requests if _method(request) == "generateContent"]

    def answer(self, request: Request) -> Reply:
        given = self._answer(request)
        if "enum-encoding=int" in unquote(request.path):
            return replace(given, body=numbered(given.body))
        return given

    def _answer(self, request: Request) -> Reply:
        sent = request.headers.get("x-goog-api-key", "")
        if not sent or (self.key and sent != self.key):
            return wrong_key(sent)
        path = _path(request)
        for version in ("/v1/", "/v1beta/"):
            if version in path:
                return self._resource(request, path.split(version, 1)[1])
        return error(404, "Not Found")

    def _resource(self, request: Request, name: str) -> Reply:
        if name == "models" and request.method == "GET":
            return self._list(urlsplit(request.path).query)
        method = _method(request)
        if method == "generateContent" and self.replies:
            return self.replies.popleft()
        found = next((entry for entry in self.models if entry["name"] == name.partition(":")[0]), None)
        if found is None:
            return error(
                404,
                f"{name.partition(':')[0]} is not found for API version v1beta, or is not supported for {method}. "
                "Call ListModels to see the list of available models and their supported methods.",
            )
        match request.method, method:
            case "GET", "":
                return Reply(200, found)
            case "POST", "countTokens":
                counted = request.body.get("generateContentRequest", request.body)
                return Reply(200, {"totalTokens": len(_text(counted["contents"]).split())})
            case "POST", "generateContent":
                stop = request.body.get("generationConfig", {}).get("stopSequences", ())
                return Reply(200, completion(echo(_text(request.body["contents"][-1:]), stop)))
        return error(404, "Not Found")

    def _list(self, query: str) -> Reply:
        """A page of the models; the token of the next is where it begins."""
        fields = dict(pair.split("=", 1) for pair in unquote(query).split("&") if "=" in pair)
        begin = int(fields.get("pageToken") or 0)
        end = begin + self.page_size
        more = {"nextPageToken": str(end)} if end < len(self.models) else {}
        return Reply(200, {"models": self.models[begin:end]} | more)


def _path(request: Request) -> str:
    return unquote(urlsplit(request.path).path)


def _method(request: Request) -> str:
    return _path(request).rpartition("/")[2].partition(":")[2]


def _text(contents: list[dict[str, Any]]) -> str:
    return "".join(part.get("text", "") for content in contents for part in content["parts"])

"""What an error reply of a model server means. Servers share no code for it, so their texts have to do."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from webarena_runner.errors import (
    EpisodeError,
    ModelBlocked,
    ModelExhausted,
    ModelRefused,
    PromptTooLong,
)
from webarena_runner.models.shared.http import HttpReply, parse_json
from webarena_runner.models.shared.retry import AskedTooMuch, Transient, retry_after_s

TOO_MANY_REQUESTS = 429
PASSING_STATUSES = {408, 409, 424, 425, 429}
_LONGEST_TEXT = 500
HOUR_S = 3600.0
_NO_TEXT = "no text"

_SPENT_CODES = {
    *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"),
    *("insufficient_credits", "budget_exceeded", "arrearage", "payment_required", "exceeded_current_quota_error"),
}
_CREDIT = re.compile(
    r"(insufficient|not enough|no|out of|lacks?|negative) (account )?(credits?|balance|funds)\b"
    r"|(credits?|balance|funds)\b[^.]{0,40}\b(exhausted|depleted|used up|too low|insufficient|not enough|r[ua]n out)"
    r"|check your (plan and )?billing|payment required|requires? (more )?credits|arrears|overdue payment|good standing",
    re.I,
)
_QUOTA = re.compile(
    r"(key|quota|budget|spend(ing)?|usage|credit|allowance)( (limit|cap|allowance))?\b[^.]{0,30}\b"
    r"(exceeded|exhausted|reached|used up)|exceeded[^.]{0,30}\b(quota|budget|spending|usage limit)",
    re.I,
)
_LONG_PERIOD = re.compile(
    r"\b(per|a|each|this)[ _-]?(day|week|month)\b|\b(daily|weekly|monthly)\b|PerDay|\b[RT]PD\b", re.I
)
_SHORT_PERIOD = re.compile(
    r"\b(per|a|each)[ _-]?(min(ute)?|sec(ond)?|hour)\b|Per(Minute|Hour)|\b[RT]P[MS]\b|\bQP[MS]\b", re.I
)
_RATE = re.compile(r"rate[ _-]?limit|too many requests|throttl|overloaded|try again (later|in \d)|at capacity", re.I)

_BLOCKED_CODES = {
    *("content_filter", "content_policy_violation", "moderation_blocked", "data_inspection_failed"),
    *("datainspectionfailed", "responsibleaipolicyviolation", "contentpolicyviolationerror", "content_violation"),
}
_BLOCKED = re.compile(
    r"content[ _-]?(management policy|filter|policy|exists risk|violation)|content policies"
    r"|requires moderation|input was flagged|(been|was) flagged (as|by|for)"
    r"|violat\w+ (of )?(our|the|its)[^.]{0,30}polic"
    r"|inappropriate content|blocked by [^.]{0,30}(filter|guardrail|safety)|safety (system|filter|polic)",
    re.I,
)

_TOO_LONG_CODES = {
    *("context_length_exceeded", "exceed_context_size_error", "tokens_limit_reached", "string_above_max_length"),
    *("model_max_prompt_tokens_exceeded", "contextwindowexceedederror"),
}
_TOO_LONG = re.compile(
    r"context.{0,10}(length|window|size|limit)|maximum (input|model|prompt|context) length|`inputs` tokens"
    r"|\binputs.? must have less|\bn_keep\b.*\bn_ctx\b|context the overflows"
    r"|\b(prompt|input|request|messages?)( body)?( is| are)? too (long|large)|too many (input |prompt )?tokens"
    r"|token count[^.]{0,40}exceeds?|(input|prompt)[^.]{0,60}longer than|tokens in the prompt"
    r"|reduce the length of (the|your)|range of input length|string too long|max_tokens must be at least 1, got -"
    r"|request payload size exceeds",
    re.I,
)
# llama.cpp says it while others of its requests have the memory: it passes.
_CROWDED = "Context size has been exceeded"

NO_PICTURES = re.compile(
    r"(image|vision|picture|multi-?modal)[^.]{0,40}(not supported|unsupported|not enabled|not available)|mmproj"
    r"|(not|n't) (support|accept|process|handle|take)\w*[^.]{0,30}(image|vision|picture|multi-?modal)"
    r"|not a (multi-?modal|vision)|at most 0 images?|missing data required for image"
    r"|no endpoints found that support image"
    r"|unknown (content|part) type[^.]{0,20}image",
    re.I,
)
_REFUSING_CODES = {"invalid_request_error", "not_supported_error", "unsupported_feature"}
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "bad_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
}
_KEY = re.compile(r"\b(api[ -]?)?key\b|token\b|authenti|authoriz|credential", re.I)


@dataclass(frozen=True)
class ErrorReply:
    """`codes` are the error's codes, types and classes in lower case, `details` what has no fixed form."""

    status: int
    text: str
    codes: frozenset[str] = frozenset()
    details: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return f"HTTP {self.status}: {self.text}"


def read_error_reply(reply: HttpReply) -> ErrorReply:
    """The error in a reply whose status says that it is one, whatever form its body has."""
    try:
        body = parse_json(reply.text)
    except Transient:
        body = None
    found = _error_in(body, reply.status, reply.headers)
    if found is not None and found.text != _NO_TEXT:
        return found
    text = _one_line(reply.text) or _NO_TEXT
    return ErrorReply(reply.status, text, found.codes if found else frozenset(), headers=reply.headers)


def error_in_success(body: Any, headers: Mapping[str, str]) -> ErrorReply | None:
    """The error that a reply with HTTP 200 carries; None when it is no error.

    Its status is the error's own code where that is one of HTTP, and else 500.
    """
    record = body[0] if isinstance(body, list) and body else body
    if not isinstance(record, dict):
        return None
    choices = record.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if record.get("error") or record.get("object") == "error":
        return _error_in(record, _own_status(record) or 500, headers)
    if first.get("error"):
        return _error_in(first, _own_status(first) or 500, headers)
    if not isinstance(choices, list) and _text(record) and (status := _own_status(record)):
        return _error_in(record, status, headers)
    return None


def _own_status(record: Mapping[str, Any]) -> int | None:
    for part in _records(record):
        for key in ("code", "status", "status_code"):
            value = str(part.get(key))
            if value.isascii() and value.isdecimal() and 400 <= int(value[:4]) <= 599:
                return int(value)
    codes = _codes(record)
    return next((status for name, status in _STATUS_OF_TYPE.items() if name in codes), None)


def _error_in(body: Any, status: int, headers: Mapping[str, str]) -> ErrorReply | None:
    record = body[0] if isinstance(body, list) and body else body
    if isinstance(record, str):
        return ErrorReply(status, _one_line(record), headers=headers)
    if not isinstance(record, dict):
        return None
    inner = record.get("error")
    details = str(inner.get("details") or inner.get("metadata") or "") if isinstance(inner, dict) else ""
    return ErrorReply(status, _one_line(_text(record)) or _NO_TEXT, _codes(record), details[:2000], headers)


def _records(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The records that may hold an error's text and codes, the inmost first."""
    errors = record.get("errors")
    for part in (record.get("error"), errors[0] if isinstance(errors, list) and errors else None, record):
        if isinstance(part, dict):
            yield part


def _text(record: Mapping[str, Any]) -> str:
    for part in _records(record):
        for key in ("message", "msg", "detail", "error_description", "error"):
            value = part.get(key)
            if isinstance(value, str) and value:
                return value + _of_upstream(part)
            if isinstance(value, list) and value:
                return "; ".join(_listed(each) for each in value)
    return ""


def _of_upstream(part: Mapping[str, Any]) -> str:
    """What a gateway was told by the provider behind it."""
    metadata = part.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f": {raw}" if isinstance(raw, str) and raw else ""


def _listed(fault: Any) -> str:
    """One fault of FastAPI's list, with the key that it is about."""
    if not isinstance(fault, dict):
        return str(fault)
    where = fault.get("loc")
    place = ".".join(str(key) for key in where) if isinstance(where, list) else ""
    return f"{place}: {fault.get('msg')}" if place else str(fault.get("msg") or fault)


def _codes(record: Mapping[str, Any]) -> frozenset[str]:
    keys = ("code", "type", "status", "error_type", "reason", "error_code")
    return frozenset(
        value.lower() for part in _records(record) for key in keys if isinstance(value := part.get(key), str) and value
    )


def _one_line(text: str) -> str:
    return " ".join(text[: 4 * _LONGEST_TEXT].split())[:_LONGEST_TEXT]


def meaning(
    error: ErrorReply, *, subject: str, redact: Callable[[str], str], advise: Callable[[str], str] | None = None
) -> EpisodeError | Transient:
    """Transient when another attempt may succeed, else the error of the episode.

    `advise` gives the setting that avoids a refusal, as something to append; "" when it knows none.
    """
    message = redact(error.message)
    if is_spent(error):
        return ModelExhausted(f"{subject}: {message}; the account has no credit or quota left")
    if is_too_long(error):
        return PromptTooLong(f"{subject}: {message}")
    if is_blocked(error):
        return ModelBlocked(f"{subject}: blocked by the provider's filter: {message}")
    if passes(error):
        wait_s = retry_after_s(error.headers)
        if error.status == TOO_MANY_REQUESTS and wait_s is not None and wait_s >= HOUR_S:
            return ModelExhausted(f"{subject}: {message}; the server asks to wait {wait_s:.0f} s")
        return (AskedTooMuch if error.status == TOO_MANY_REQUESTS else Transient)(message, wait_s)
    if error.status == 401 or (error.status == 403 and _KEY.search(error.text)):
        return ModelRefused(f"{subject}: the API key was not accepted ({message})")
    return ModelRefused(f"{subject}: {message}{advise(error.text) if advise else ''}")


def is_spent(error: ErrorReply) -> bool:
    """Whether no request can succeed for hours: a quota of days, a key's limit or the account's credit is used up."""
    if error.status == 402 or error.codes & _SPENT_CODES:
        return True
    if error.status not in (400, 401, 403, 429):
        return False
    told = f"{error.text} {error.details}"
    if _LONG_PERIOD.search(told) and (_RATE.search(told) or re.search("quota|limit", told, re.I)):
        return True
    if _SHORT_PERIOD.search(told):
        return False
    return bool(_CREDIT.search(told) or (error.status in (403, 429) and _QUOTA.search(told)))


def is_too_long(error: ErrorReply) -> bool:
    """Whether the prompt does not fit, whatever the status."""
    if error.status == 413 or error.codes & _TOO_LONG_CODES:
        return True
    if error.status == 429:
        return bool(re.search(r"request too large", error.text, re.I))
    if error.status in (401, 403) or error.status > 500 or _CROWDED in error.text:
        return False
    return bool(_TOO_LONG.search(error.text))


def is_blocked(error: ErrorReply) -> bool:
    if error.codes & _BLOCKED_CODES:
        return True
    return error.status < 500 and error.status not in (401, 404, 429) and bool(_BLOCKED.search(error.text))


def passes(error: ErrorReply) -> bool:
    """Whether another attempt may succeed. A refusal of what was asked does not pass, whatever its status."""
    if error.status in PASSING_STATUSES:
        return True
    if any("rate_limit" in code for code in error.codes) or (error.status in (400, 403) and _RATE.search(error.text)):
        return True
    if error.status < 500 or error.status in (501, 505):
        return False
    return not (error.codes & _REFUSING_CODES or NO_PICTURES.search(error.text))

"""One request and its answer as an entry of a HAR, from what Playwright tells of them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webarena_runner.browser.record.scrub import Header, Scrubber, cookies

UNKNOWN = -1
NO_BODY = "not recorded: the browser does not tell bodies with a file in them"
_TEXTS = ("text/", "application/json", "application/javascript", "application/xml", "application/xhtml")


@dataclass(frozen=True)
class Asked:
    """A request; `body` None: it has none, or one that the browser does not tell."""

    method: str
    url: str
    resource: str
    headers: Sequence[Header]
    body: bytes | None
    began: datetime


@dataclass(frozen=True)
class Answered:
    """Its answer; `status` 0: there was none, and `failure` says why."""

    status: int = 0
    status_text: str = ""
    headers: Sequence[Header] = ()
    body: bytes | None = None
    failure: str = ""
    from_worker: bool = False


def entry_of(asked: Asked, answered: Answered, timing: Mapping[str, float], scrubber: Scrubber) -> dict[str, Any]:
    timings = _timings(timing)
    entry = {
        "startedDateTime": _began(asked, timing).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": round(sum(spent for name, spent in timings.items() if spent >= 0 and name != "ssl"), 3),
        "request": _request(asked, scrubber),
        "response": _response(answered, scrubber),
        "cache": {},
        "timings": timings,
        "_resourceType": asked.resource,
    }
    if answered.failure:
        entry["_failureText"] = answered.failure
    if answered.from_worker:
        entry["_fromServiceWorker"] = True
    return entry


def is_text(mime_type: str) -> bool:
    return mime_type.startswith(_TEXTS) or mime_type.partition(";")[0].endswith(("+json", "+xml"))


def header_of(headers: Sequence[Header], name: str) -> str:
    return next((header["value"] for header in headers if header["name"].lower() == name), "")


def as_headers(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _request(asked: Asked, scrubber: Scrubber) -> dict[str, Any]:
    headers = scrubber.headers(asked.headers)
    request: dict[str, Any] = {
        "method": asked.method,
        "url": scrubber.url(asked.url),
        "httpVersion": "HTTP/1.1",
        "cookies": cookies(headers, "cookie"),
        "headers": headers,
        "queryString": scrubber.query(asked.url),
        "headersSize": UNKNOWN,
        "bodySize": len(asked.body or b""),
    }
    mime_type = header_of(headers, "content-type")
    if asked.body is not None:
        text = scrubber.body(asked.body.decode("utf-8", "replace"), mime_type)
        request["postData"] = {"mimeType": mime_type, "params": [], "text": text}
    elif mime_type and asked.method not in ("GET", "HEAD"):
        request["postData"] = {"mimeType": mime_type, "params": [], "text": "", "comment": NO_BODY}
        request["bodySize"] = UNKNOWN
    return request


def _response(answered: Answered, scrubber: Scrubber) -> dict[str, Any]:
    headers = scrubber.headers(answered.headers)
    mime_type = header_of(headers, "content-type")
    length = header_of(headers, "content-length")
    size = len(answered.body) if answered.body is not None else int(length) if length.isdecimal() else UNKNOWN
    content: dict[str, Any] = {"size": size, "mimeType": mime_type or "x-unknown"}
    if answered.body is not None:
        content |= _content(answered.body, mime_type, scrubber)
    return {
        "status": answered.status,
        "statusText": answered.status_text,
        "httpVersion": "HTTP/1.1",
        "cookies": cookies(headers, "set-cookie"),
        "headers": headers,
        "content": content,
        "redirectURL": header_of(headers, "location") if 300 <= answered.status < 400 else "",
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
    }


def _content(body: bytes, mime_type: str, scrubber: Scrubber) -> dict[str, str]:
    try:
        return {"text": scrubber.body(body.decode("utf-8"), mime_type)}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _began(asked: Asked, timing: Mapping[str, float]) -> datetime:
    """By the browser's clock where it tells; requests that never left it have no time there."""
    start_ms = timing.get("startTime", 0.0)
    return datetime.fromtimestamp(start_ms / 1000, UTC) if start_ms > 0 else asked.began


def _timings(timing: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds by phase, -1 where there was none."""

    def between(start: str, end: str) -> float:
        first, last = timing.get(start, UNKNOWN), timing.get(end, UNKNOWN)
        return round(last - first, 3) if first >= 0 and last >= first else UNKNOWN

    starts = (timing.get(name, UNKNOWN) for name in ("domainLookupStart", "connectStart", "requestStart"))
    return {
        "blocked": round(next((start for start in starts if start >= 0), UNKNOWN), 3),
        "dns": between("domainLookupStart", "domainLookupEnd"),
        "connect": between("connectStart", "connectEnd"),
        "ssl": between("secureConnectionStart", "connectEnd"),
        "send": 0,
        "wait": max(between("requestStart", "responseStart"), 0),
        "receive": max(between("responseStart", "responseEnd"), 0),
    }

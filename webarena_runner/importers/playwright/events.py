"""Events of a trace in one form, whatever version of Playwright wrote them (formats 3 to 10; newer ones as 10).

Up to format 3 an action is one event with its facts under `metadata`, later it has two, `before` and `after`; up to 8
snapshots and pictures are named, later a snapshot has its phase and a picture its file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webarena_runner.types import Box

Raw = Mapping[str, Any]
BEFORE, AFTER = "before", "after"
_PHASES = {"input": "action"}


@dataclass(frozen=True)
class Recorded:
    """One call of Playwright's protocol; times are milliseconds of the trace's own clock."""

    call_id: str
    kind: str
    method: str
    params: Raw
    start_ms: float
    end_ms: float
    page: str
    error: str = ""
    box: Box | None = None


@dataclass(frozen=True)
class Snapshot:
    """A page's document at one moment; `html` refers to earlier ones of the same frame by how many there were since."""

    call_id: str
    phase: str
    page: str
    frame: str
    index: int
    url: str
    at_ms: float
    is_main: bool


@dataclass(frozen=True, order=True)
class Frame:
    """A picture of a page that was `width` CSS pixels wide; the file has fewer pixels than that (0: not known)."""

    at_ms: float
    file: str
    width: float


@dataclass
class Trace:
    """`documents` has the snapshots' HTML by frame, `pictures` the film strip by page.

    `epoch_ms` is what the trace's clock has to be added to.
    """

    calls: dict[str, Recorded] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    documents: dict[str, list[Any]] = field(default_factory=dict)
    pictures: dict[str, list[Frame]] = field(default_factory=dict)
    epoch_ms: float = 0.0
    playwright: str = ""
    browser: str = ""

    @property
    def pages(self) -> list[str]:
        """In the order in which they were seen."""
        return list(dict.fromkeys(each.page for each in self.snapshots if each.page))


def read_events(events: Iterable[Raw]) -> Trace:
    """What is no event, or lacks what one has, is left out."""
    trace = Trace()
    for event in events:
        try:
            _read(event, trace)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return trace


def _read(event: Raw, trace: Trace) -> None:
    match event["type"]:
        case "context-options":
            trace.playwright, trace.browser = str(event.get("playwrightVersion", "")), str(event.get("browserName", ""))
            if event.get("monotonicTime"):
                trace.epoch_ms = float(event["wallTime"]) - float(event["monotonicTime"])
        case "action":
            _read_action(event.get("metadata") or event, trace)
        case "before":
            _add(trace, event, error="")
        case "input":
            call = trace.calls[event["callId"]]
            trace.calls[call.call_id] = replace(call, box=_box(event.get("box")))
        case "after":
            call = trace.calls[event["callId"]]
            ended = replace(call, end_ms=float(event["endTime"]), error=_error(event.get("error")))
            trace.calls[call.call_id] = ended
        case "frame-snapshot":
            _read_snapshot(event["snapshot"], trace)
        case "screencast-frame":
            file = event.get("file") or f"resources/{event['sha1']}"
            frame = Frame(float(event["timestamp"]), str(file), float(event.get("width") or 0))
            trace.pictures.setdefault(str(event["pageId"]), []).append(frame)


def _read_action(event: Raw, trace: Trace) -> None:
    """One of the formats in which an action is one event."""
    if event.get("internal"):
        return
    named = {"callId": event.get("callId") or event["id"], "class": event.get("class") or event["type"]}
    _add(trace, {**event, **named}, error=_error(event.get("error")))


def _add(trace: Trace, event: Raw, *, error: str) -> None:
    start_ms = float(event["startTime"])
    if not trace.epoch_ms and event.get("wallTime"):
        trace.epoch_ms = float(event["wallTime"]) - start_ms
    params = event.get("params")
    trace.calls[str(event["callId"])] = Recorded(
        call_id=str(event["callId"]),
        kind=str(event["class"]),
        method=str(event["method"]),
        params=params if isinstance(params, Mapping) else {},
        start_ms=start_ms,
        end_ms=float(event.get("endTime") or start_ms),
        page=str(event.get("pageId") or ""),
        error=error,
    )


def _read_snapshot(raw: Raw, trace: Trace) -> None:
    frame, call_id = str(raw["frameId"]), str(raw.get("callId", ""))
    documents = trace.documents.setdefault(frame, [])
    documents.append(raw["html"])
    name, _, named_call = str(raw.get("snapshotName", "")).partition("@")
    phase = str(raw.get("phase") or name)
    trace.snapshots.append(
        Snapshot(
            call_id=call_id or named_call,
            phase=_PHASES.get(phase, phase),
            page=str(raw["pageId"]),
            frame=frame,
            index=len(documents) - 1,
            url=str(raw.get("frameUrl", "")),
            at_ms=float(raw.get("timestamp", 0)),
            is_main=bool(raw.get("isMainFrame")),
        )
    )


def _error(raw: Any) -> str:
    """Playwright has had it as a text, as a record, and as a record in one."""
    while isinstance(raw, Mapping):
        raw = raw.get("error") or raw.get("message") or ""
    return str(raw or "").partition("\n")[0]


def _box(raw: Any) -> Box | None:
    return Box(**{key: float(raw[key]) for key in ("x", "y", "width", "height")}) if isinstance(raw, Mapping) else None

"""Where the time of a run's episodes went."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webarena_runner.report.summary import RunReport

# What an episode's time goes into, as results name it and as people do. `browser` is of earlier versions.
PARTS = {
    "agent": "model",
    "lease": "leasing sites",
    "login": "logging in",
    "queue": "waiting for a turn in the browser",
    "context": "browser contexts",
    "browser": "start pages",
    "start_page": "start pages",
    "first_observation": "reading first pages",
    "observe": "reading pages",
    "screenshot": "screenshots",
    "execute": "actions",
    "settle": "waiting for pages",
    "log": "writing the log",
    "evaluate": "evaluating",
    "close": "closing",
}
LEAST_SHARE = 0.001
LEAST_REST = 0.01


@dataclass(frozen=True)
class Share:
    """A part of a whole: `amount` in seconds, `share` in [0, 1]."""

    name: str
    amount: float
    share: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def times_of(report: "RunReport") -> tuple[Share, ...]:
    """The largest part first; what nothing accounts for is the last."""
    spent: Counter[str] = Counter()
    for result in report.heads.values():
        for part, spent_ms in result.timings_ms.items():
            spent[_told(part, report)] += spent_ms / 1000  # type: ignore[assignment]
    whole = max(sum(result.wall_s for result in report.heads.values()), spent.total()) or 1
    parts = [Share(name, amount, amount / whole) for name, amount in spent.most_common()]
    shown = tuple(part for part in parts if part.share >= LEAST_SHARE)
    rest = whole - spent.total()
    return (*shown, Share("other", rest, rest / whole)) if rest / whole >= LEAST_REST and shown else shown


def _told(part: str, report: "RunReport") -> str:
    if part == "agent" and not report.manifest.config.get("model"):
        return "agent"
    return PARTS.get(part, part.replace("_", " "))

"""Whether a site answers each time, and what it takes for now."""

import asyncio
from datetime import UTC, datetime

from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.probes.page import throttled, unanswered
from webarena_runner.sites.probes.plain import Visitor, look
from webarena_runner.sites.probes.seen import Seen

STEADY, CLOCK = "every time", "clock"
# One worker of several that fails, or a limit of so many requests in a second, does not show at the first look.
TIMES, BETWEEN_S = 5, 0.3
# A server's Date header has whole seconds, and answers take some.
MAX_SKEW_S = 60.0


async def every_time(place: Place, visitor: Visitor) -> Finding:
    """Asks for the start page several times."""
    wrong: list[Finding] = []
    for _ in range(TIMES):
        seen = await look(place.url, visitor)
        if fault := unanswered(place, STEADY, seen) or throttled(place, seen):
            wrong.append(fault)
        await asyncio.sleep(BETWEEN_S)
    if not wrong:
        return place.ok(STEADY, f"{TIMES} of {TIMES} requests were answered")
    found = f"{len(wrong)} of {TIMES} requests failed: {wrong[0].found}"
    return place.failure(wrong[0].check, found, wrong[0].remedy)


def clock(place: Place, seen: Seen, now: datetime, *, needed: bool) -> Finding:
    """How far the site's clock is from ours; `needed`: a chosen task's answer depends on the date."""
    if seen.date is None:
        return place.ok(CLOCK, "it does not say what time it is")
    there = seen.date if seen.date.tzinfo else seen.date.replace(tzinfo=UTC)
    skew_s = (there - now).total_seconds()
    if abs(skew_s) <= MAX_SKEW_S + seen.elapsed_s:
        return place.ok(CLOCK, "is right")
    found = f"its clock is {_span(abs(skew_s))} {'ahead' if skew_s > 0 else 'behind'}: {there:%Y-%m-%d %H:%M} UTC"
    remedy = "set the clock of its machine (containers have that of their host; a machine that slept falls behind)"
    if needed:
        return place.failure(CLOCK, found, f"{remedy}: answers about 'today' and sessions depend on it")
    return place.warning(CLOCK, found, f"{remedy}: sessions may end too early")


def _span(seconds: float) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds:.0f} seconds"

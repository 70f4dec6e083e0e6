"""Figures as people read them, in tables and pages alike."""

from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def milliseconds(spent_ms: float) -> str:
    """`8 ms`, `1.4 s`, `45 s`, `12 min`."""
    if spent_ms < 1000:
        return f"{spent_ms:.0f} ms"
    return f"{spent_ms / 1000:.1f} s" if spent_ms < 10_000 else duration(spent_ms / 1000)


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def number(value: float) -> str:
    """`12,345`; with one decimal when it is no whole number."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def compact(value: float) -> str:
    """`845`, `12.3 k`, `4.1 M`."""
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.1f}{unit}"
    return number(value)


def money(usd: float) -> str:
    """`$12.30`; fractions of a cent where there is no more."""
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def size(count: float) -> str:
    """`812 bytes`, `3.4 KB`, `65 MB`."""
    if count < 1000:
        return f"{count:.0f} bytes"
    value, unit = count / 1000, "KB"
    for larger in ("MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def moment(at: datetime) -> str:
    """`2026-01-31 14:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

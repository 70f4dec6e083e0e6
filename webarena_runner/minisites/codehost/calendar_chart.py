"""A year of somebody's contributions, one square a day."""

from datetime import date, timedelta

from markupsafe import Markup

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.codehost.context import today

_CELL, _WEEKS = 14, 53
_SHADES = ("#e8edf0", "#b5ddd8", "#6fbcb3", "#2f938a", "#0b5f5a")


def contributions(database: Database, user_id: int) -> tuple[Markup, int]:
    """SVG with a title for each week that has contributions, and their number in the year."""
    last = today(database)
    first = last - timedelta(days=_WEEKS * 7 - 7 + last.weekday())
    rows = database.all(
        "select date(created_at, 'unixepoch') as day, count(*) as count from events where user_id = ? group by day",
        user_id,
    )
    counts = {date.fromisoformat(row["day"]): row["count"] for row in rows}
    shown = {day: count for day, count in counts.items() if first <= day <= last}
    total = sum(shown.values())
    cells = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        shade = _SHADES[min(4, shown.get(day, 0))]
        x, y = offset // 7 * _CELL, offset % 7 * _CELL
        cells.append(f'<rect x="{x}" y="{y}" width="11" height="11" rx="2" fill="{shade}"/>')
    label = f"{total} contributions in the last year"
    drawing = (
        f'<svg class="calendar" role="img" aria-label="{label}" viewBox="0 0 {_WEEKS * _CELL} {7 * _CELL}">'
        f"{''.join(cells)}</svg>"
    )
    return Markup(drawing), total

"""A year of somebody's contributions, one square a day."""

from datetime import date, timedelta

from markupsafe import Markup

from webarena_mini.kit.clock import today
from webarena_mini.kit.database import Database

_CELL, _WEEKS, _MONTHS_HEIGHT = 14, 53, 16
_SHADES = ("#e8edf0", "#b5ddd8", "#6fbcb3", "#2f938a", "#0b5f5a")


def contributions(database: Database, user_id: int, visible: str) -> tuple[Markup, int]:
    """SVG with a square for each day of the last year, and the number of contributions in it.

    Only what is in projects `p` that satisfy `visible`, an SQL condition of ours, counts.
    """
    last = today(database)
    first = last - timedelta(days=_WEEKS * 7 - 7 + last.weekday())
    rows = database.all(
        f"""select date(e.created_at, 'unixepoch') as day, count(*) as count from events e
        join projects p on p.id = e.project_id where e.user_id = ? and {visible} group by day""",
        user_id,
    )
    counts = {date.fromisoformat(row["day"]): row["count"] for row in rows}
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    cells = [_cell(number, counts.get(day, 0)) for number, day in enumerate(days)]
    months = [
        f'<text x="{number // 7 * _CELL}" y="-5">{day:%b}</text>'
        for number, day in enumerate(days)
        if day.day <= 7 and day.weekday() == 0
    ]
    total = sum(counts.get(day, 0) for day in days)
    label = f"{total} contributions in the last year"
    box = f"0 -{_MONTHS_HEIGHT} {_WEEKS * _CELL} {7 * _CELL + _MONTHS_HEIGHT}"
    parts = "".join([*months, *cells])
    return Markup(f'<svg class="calendar" role="img" aria-label="{label}" viewBox="{box}">{parts}</svg>'), total


def _cell(number: int, count: int) -> str:
    x, y = number // 7 * _CELL, number % 7 * _CELL
    shade = _SHADES[min(len(_SHADES) - 1, count)]
    return f'<rect x="{x}" y="{y}" width="11" height="11" rx="2" fill="{shade}"/>'

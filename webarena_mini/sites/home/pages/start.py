"""The first page."""

from calendar import Calendar
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.home.pages.frame import render

_SUNDAY = 6


async def start(request: Request) -> Response:
    now = database_of(request).value("select now from desk")
    notes = database_of(request).all("select * from note order by id desc limit 3")
    today = datetime.fromtimestamp(now, UTC)
    weeks = Calendar(_SUNDAY).monthdatescalendar(today.year, today.month)
    return render(request, "home.html", now=now, today=today, weeks=weeks, notes=notes)

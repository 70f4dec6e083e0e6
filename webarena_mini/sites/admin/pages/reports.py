"""The report pages: a form for the span of days, and the table that it asks for."""

from datetime import datetime

from starlette.responses import Response

from webarena_mini.sites.admin.domain import reports
from webarena_mini.sites.admin.domain.content import ORDER_STATUSES
from webarena_mini.sites.admin.domain.money import long_day, money
from webarena_mini.sites.admin.domain.reports import Report
from webarena_mini.sites.admin.pages.visit import Visit

_LONGEST = 400


def show(visit: Visit, report: Report) -> Response:
    wanted = reports.asked(visit.request.query_params)
    found, totals = reports.rows(visit.db, report, wanted) if wanted.is_complete else ((), None)
    kinds = [kind for _, _, kind in report.columns]
    return visit.page(
        "report.html",
        title=report.title,
        report=report,
        wanted=wanted,
        errors=wanted.errors or {},
        periods=reports.PERIODS,
        statuses=ORDER_STATUSES,
        rows=[[_interval(row[0], wanted.period), *_cells(row[1:], kinds)] for row in found[:_LONGEST]],
        cut=max(0, len(found) - _LONGEST),
        totals=["Total", *_cells(tuple(totals)[1:], kinds)] if totals else [],
    )


def _cells(values: tuple[object, ...], kinds: list[str]) -> list[str]:
    return [_cell(value, kind) for value, kind in zip(values, kinds, strict=True)]


def _cell(value: object, kind: str) -> str:
    if kind in ("money", "price") and isinstance(value, int):
        return money(value)
    return str(value or ("" if kind in ("text", "price") else 0))


def _interval(text: str, period: str) -> str:
    if period == "day":
        return long_day(text)
    return datetime.strptime(text, "%Y-%m").strftime("%B %Y") if period == "month" else text  # noqa: DTZ007

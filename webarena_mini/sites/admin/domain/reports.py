"""What the sales and product reports add up, for each interval of a span of days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain.content import ORDER_STATUSES
from webarena_mini.sites.admin.domain.money import parse_day, short_day

PERIODS = {"day": "Day", "month": "Month", "year": "Year"}
_INTERVALS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
_REQUIRED = "This is a required field."
_PIECES = "(select sum({0}) from order_item where sales_order = o.id)"
_SOLD = "from order_item i join product p on p.id = i.product join sales_order o on o.id = i.sales_order"


@dataclass(frozen=True)
class Report:
    """`columns` are (title, SQL, kind), all summed but the texts, which group; `at` is the moment that counts."""

    title: str
    path: str
    source: str
    at: str
    columns: tuple[tuple[str, str, str], ...]
    order: str = ""
    by_status: bool = True
    has_totals: bool = True
    condition: str = "1"


_ORDERS = "from sales_order o"
REPORTS = (
    Report(
        "Orders Report",
        "/admin/reports/report_sales/sales/",
        _ORDERS,
        "o.created_at",
        (
            ("Orders", "count(*)", "number"),
            ("Sales Items", f"sum({_PIECES.format('qty - canceled')})", "number"),
            ("Sales Total", "sum(case when o.status = 'canceled' then 0 else o.total end)", "money"),
            ("Invoiced", "sum((select coalesce(sum(total), 0) from invoice where sales_order = o.id))", "money"),
            ("Refunded", "sum(case when o.status = 'closed' then o.total else 0 end)", "money"),
            ("Sales Tax", "sum(o.tax)", "money"),
            ("Sales Shipping", "sum(o.shipping)", "money"),
            ("Sales Discount", "sum(o.discount)", "money"),
            ("Canceled", "sum(case when o.status = 'canceled' then o.total else 0 end)", "money"),
        ),
    ),
    Report(
        "Tax Report",
        "/admin/reports/report_sales/tax/",
        f"{_ORDERS} join order_address a on a.sales_order = o.id and a.kind = 'shipping'",
        "o.created_at",
        (
            ("Tax", "a.region", "text"),
            ("Orders", "count(*)", "number"),
            ("Tax Amount", "sum(o.tax)", "money"),
        ),
        condition="o.tax > 0",
    ),
    Report(
        "Invoice Report",
        "/admin/reports/report_sales/invoiced/",
        f"{_ORDERS} join invoice n on n.sales_order = o.id",
        "n.created_at",
        (
            ("Orders", "count(distinct o.id)", "number"),
            ("Invoices", "count(*)", "number"),
            ("Total Invoiced", "sum(n.total)", "money"),
        ),
    ),
    Report(
        "Shipping Report",
        "/admin/reports/report_sales/shipping/",
        f"{_ORDERS} join shipment s on s.sales_order = o.id",
        "s.created_at",
        (
            ("Carrier/Method", "o.shipping_method", "text"),
            ("Orders", "count(distinct o.id)", "number"),
            ("Pieces", "sum(s.qty)", "number"),
            ("Total Sales Shipping", "sum(o.shipping)", "money"),
        ),
    ),
    Report(
        "Refunds Report",
        "/admin/reports/report_sales/refunded/",
        f"{_ORDERS} join credit_memo m on m.sales_order = o.id",
        "m.created_at",
        (("Refunded Orders", "count(distinct o.id)", "number"), ("Total Refunded", "sum(m.total)", "money")),
    ),
    Report(
        "Coupons Report",
        "/admin/reports/report_sales/coupons/",
        _ORDERS,
        "o.created_at",
        (
            ("Coupon Code", "o.coupon", "text"),
            ("Uses", "count(*)", "number"),
            ("Sales Subtotal", "sum(o.subtotal)", "money"),
            ("Sales Discount", "sum(o.discount)", "money"),
            ("Sales Total", "sum(o.total)", "money"),
        ),
        condition="o.coupon != ''",
    ),
    Report(
        "Bestsellers Report",
        "/admin/reports/report_sales/bestsellers/",
        _SOLD,
        "o.created_at",
        (
            ("Product", "p.name", "text"),
            ("SKU", "p.sku", "text"),
            ("Price", "p.price", "price"),
            ("Order Quantity", "sum(i.qty)", "number"),
        ),
        order="sum(i.qty) desc, p.id",
        has_totals=False,
        condition="o.status not in ('canceled', 'fraud')",
    ),
    Report(
        "Ordered Products Report",
        "/admin/reports/report_product/sold/",
        _SOLD,
        "o.created_at",
        (
            ("Product", "p.name", "text"),
            ("SKU", "p.sku", "text"),
            ("Ordered Quantity", "sum(i.qty)", "number"),
        ),
        order="p.name",
    ),
    Report(
        "Product Views Report",
        "/admin/reports/report_product/viewed/",
        "from product_view v join product p on p.id = v.product",
        "v.day",
        (("Product", "p.name", "text"), ("Price", "p.price", "price"), ("Views", "sum(v.views)", "number")),
        order="sum(v.views) desc, p.id",
        by_status=False,
        has_totals=False,
    ),
)


@dataclass(frozen=True)
class Asked:
    """What a report's URL asks for, as its form shows it; `errors` by field name."""

    start: str = ""
    end: str = ""
    period: str = "day"
    status: str = ""
    first: date | None = None
    last: date | None = None
    errors: Mapping[str, str] | None = None

    @property
    def is_complete(self) -> bool:
        return self.first is not None and self.last is not None and not self.errors


def asked(params: Mapping[str, str]) -> Asked:
    """A day that can be read is shown as 2/1/23, any other text as it is."""
    start, end = params.get("from", "").strip(), params.get("to", "").strip()
    first, last = parse_day(start), parse_day(end)
    period, status = params.get("period_type", "day"), params.get("order_status", "")
    errors = {}
    if "from" in params or "to" in params:
        for name, text, day in (("from", start, first), ("to", end, last)):
            if day is None:
                errors[name] = "Please enter a date such as 2/28/2023." if text else _REQUIRED
        if first and last and first > last:
            errors["to"] = "The last day is before the first one."
    return Asked(
        start=short_day(first) if first else start,
        end=short_day(last) if last else end,
        period=period if period in PERIODS else "day",
        status=status if status in ORDER_STATUSES else "",
        first=first,
        last=last,
        errors=errors,
    )


def rows(db: Database, report: Report, wanted: Asked) -> tuple[Sequence[Row], Row | None]:
    """One row for each interval (and text), and their sums; the first column is the interval."""
    interval = f"strftime('{_INTERVALS[wanted.period]}', {report.at})"
    where = f"{report.condition} and date({report.at}) between ? and ?"
    values: list[object] = [str(wanted.first), str(wanted.last)]
    if report.by_status and wanted.status:
        where += " and o.status = ?"
        values.append(wanted.status)
    picked = ", ".join(sql for _, sql, _ in report.columns)
    groups = ", ".join([interval, *(sql for _, sql, kind in report.columns if kind in ("text", "price"))])
    order = f"{interval}, {report.order}" if report.order else groups
    found = db.all(
        f"select {interval}, {picked} {report.source} where {where} group by {groups} order by {order}", *values
    )
    if not report.has_totals or not found:
        return found, None
    sums = ", ".join("''" if kind in ("text", "price") else sql for _, sql, kind in report.columns)
    return found, db.one(f"select 'Total', {sums} {report.source} where {where}", *values)

"""Who has contributed how much to a branch, as drawings and as a table."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.repository import address, head_of, history, refs_of
from webarena_mini.sites.codehost.domain.text import day_of
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import project_of, ref_of

_WIDTH = 720


@dataclass(frozen=True)
class Contributor:
    name: str
    email: str
    username: str
    commits: int
    first: int
    last: int
    chart: Markup


async def contributors(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project)
    sql, values = history(ref.commit_id)
    rows = database.all(f"{sql} order by c.id", *values)
    months = _months([day_of(row["created_at"]) for row in rows])
    by_author = defaultdict(list)
    for row in rows:
        by_author[row["author_name"], row["author_email"], row["username"] or ""].append(row["created_at"])
    counted = {author: Counter(_month(day_of(at)) for at in times) for author, times in by_author.items()}
    highest = max((max(counts.values()) for counts in counted.values()), default=1)
    people = [
        Contributor(*author, len(times), min(times), max(times), _chart(months, counted[author], highest, height=60))
        for author, times in by_author.items()
    ]
    everybody = Counter(_month(day_of(row["created_at"])) for row in rows)
    return render(
        request,
        "contributors.html",
        project=project,
        ref=ref,
        refs=refs_of(database, project["id"]),
        people=sorted(people, key=lambda person: (-person.commits, person.name)),
        total=len(rows),
        chart=_chart(months, everybody, max(everybody.values(), default=1), height=120),
        months=months,
        rows=[(month, everybody[month], sum(month in counts for counts in counted.values())) for month in months][::-1],
    )


async def of_default(request: Request) -> Response:
    project = project_of(request)
    head = head_of(database_of(request), project)
    return redirect_to(address(project, "graphs", head.name) if head else f"/{project['full_path']}")


def _month(day: date) -> date:
    return day.replace(day=1)


def _months(days: Sequence[date]) -> list[date]:
    """Every month from the first to the last."""
    months = [_month(min(days))] if days else []
    while months and months[-1] < _month(max(days)):
        year, index = divmod(months[-1].year * 12 + months[-1].month, 12)
        months.append(date(year, index + 1, 1))
    return months


def _chart(months: Sequence[date], counts: Mapping[date, int], highest: int, *, height: int) -> Markup:
    """One bar a month; the table at the end of the page has the numbers."""
    step = _WIDTH / max(1, len(months))
    bars = "".join(
        f'<rect x="{at * step:.1f}" y="{height - height * counts.get(month, 0) / highest:.1f}" '
        f'width="{max(1.0, step - 2):.1f}" height="{height * counts.get(month, 0) / highest:.1f}"/>'
        for at, month in enumerate(months)
    )
    return Markup(f'<svg class="bars" viewBox="0 0 {_WIDTH} {height}" aria-hidden="true">{bars}</svg>')

"""Lists of projects that can be searched by name and sorted."""

from dataclasses import dataclass

from starlette.requests import Request

from webarena_mini.sites.codehost.pages.paging import Page, paged

SORTS = {
    "latest_activity_desc": ("Last updated", "active_at desc, id"),
    "created_desc": ("Last created", "created_at desc, id"),
    "name_asc": ("Name", "name collate nocase, id"),
    "stars_desc": ("Most stars", "stars desc, name collate nocase"),
}


@dataclass(frozen=True)
class ProjectList:
    page: Page
    name: str
    sort: str

    @property
    def sorts(self) -> dict[str, str]:
        return {key: name for key, (name, _) in SORTS.items()}


def project_list(request: Request, sql: str, *values: object, sort: str = "latest_activity_desc") -> ProjectList:
    """One page of a query of ours on PROJECTS, narrowed by the URL's `name` and in the order of its `sort`."""
    name = request.query_params.get("name", "").strip()[:100]
    chosen = request.query_params.get("sort", sort)
    chosen = chosen if chosen in SORTS else sort
    if name:
        place = len(values) + 1
        sql += f" and (instr(lower(p.name), lower(?{place})) or instr(lower(p.path), lower(?{place})))"
        values = (*values, name)
    return ProjectList(paged(request, sql, *values, order=SORTS[chosen][1]), name, chosen)

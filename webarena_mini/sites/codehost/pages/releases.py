"""What each tag has brought since the one before."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.repository import unseen
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import own_role, project_of
from webarena_mini.sites.codehost.pages.paging import paged

_PER_PAGE = 10
_RELEASES = """
select t.*, c.sha, substr(c.sha, 1, 8) as short, u.username, c.author_name,
    lead(t.commit_id) over (order by t.created_at desc, t.id desc) as before_id
from tags t join commits c on c.id = t.commit_id left join users u on u.id = c.author_id where t.project_id = ?
"""


async def releases(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    page = paged(request, _RELEASES, project["id"], order="created_at desc, id desc", per_page=_PER_PAGE)
    changes = {row["id"]: unseen(database, row["commit_id"], row["before_id"] or 0) for row in page.rows}
    return render(
        request, "releases.html", project=project, page=page, changes=changes, role=own_role(request, project)
    )

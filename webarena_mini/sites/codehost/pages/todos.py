"""The visitor's to-do list."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.redirects import back, redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import seen_by
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import number_of
from webarena_mini.sites.codehost.pages.paging import paged

TYPES = {"Issue": "issue", "MergeRequest": "merge_request"}
REASONS = {
    "assigned": "Assigned",
    "mentioned": "Mentioned",
    "review_requested": "Review requested",
    "marked": "Added by yourself",
}
SORTS = {
    "created_desc": ("Last created", "created_at desc, id desc"),
    "created_asc": ("Oldest created", "created_at, id"),
    "title_asc": ("Title", "title collate nocase, id"),
}
_TODOS = """
select t.*, i.title, i.iid, i.kind, i.state, i.project_id, n.path || '/' || p.path as full_path,
    u.name as author_name, u.username as author_username
from todos t join issuables i on i.id = t.issuable_id join projects p on p.id = i.project_id
join namespaces n on n.id = p.namespace_id join users u on u.id = t.author_id where t.user_id = ? and t.done = ?
"""


async def todos(request: Request) -> Response:
    user, query, database = require_user(request), request.query_params, database_of(request)
    visible = f"{_TODOS} and {seen_by(user['id'])}"
    done = query.get("state") == "done"
    chosen = {key: query.get(key, "") for key in ("project_id", "type", "action")}
    columns = {
        "i.project_id = ?": to_int(chosen["project_id"], low=0, high=LARGEST_ID, default=0),
        "i.kind = ?": TYPES.get(chosen["type"]),
        "t.reason = ?": chosen["action"] if chosen["action"] in REASONS else None,
    }
    set_ones = {condition: value for condition, value in columns.items() if value}
    sort = query.get("sort", "")
    sort = sort if sort in SORTS else "created_desc"
    page = paged(
        request,
        " and ".join([visible, *set_ones]),
        user["id"],
        int(done),
        *set_ones.values(),
        order=SORTS[sort][1],
    )
    projects = f"select distinct project_id, full_path from ({visible}) order by full_path"
    return render(
        request,
        "todos.html",
        page=page,
        done=done,
        counts={
            state: database.value(f"select count(*) from ({visible})", user["id"], int(state == "done"))
            for state in ("pending", "done")
        },
        chosen=chosen,
        sort=sort,
        sorts=[(key, name) for key, (name, _) in SORTS.items()],
        projects=[(row["project_id"], row["full_path"]) for row in database.all(projects, user["id"], int(done))],
        types=[("Issue", "Issue"), ("MergeRequest", "Merge request")],
        reasons=list(REASONS.items()),
    )


async def change(request: Request) -> Response:
    """Marks one as done, or puts it back."""
    user = require_user(request)
    form = await posted(request)
    todo = database_of(request).one("select * from todos where id = ?", number_of(request, "todo_id"))
    if todo is None or todo["user_id"] != user["id"]:
        raise HTTPException(404, "There is no such to-do item in your list.")
    database_of(request).run("update todos set done = ? where id = ?", int(form["done"] == "1"), todo["id"])
    return back(request, "/dashboard/todos")


async def all_done(request: Request) -> Response:
    user = require_user(request)
    await posted(request)
    database_of(request).run("update todos set done = 1 where user_id = ?", user["id"])
    return redirect_to("/dashboard/todos")

"""The visitor's to-do list."""

from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites.codehost.context import back, database_of, posted, render, require_user, see_other
from webarena_runner.minisites.codehost.paging import paged

_TODOS = """
select t.*, i.title, i.iid, i.kind, i.state, n.path || '/' || p.path as full_path,
    u.name as author_name, u.username as author_username
from todos t join issuables i on i.id = t.issuable_id join projects p on p.id = i.project_id
join namespaces n on n.id = p.namespace_id join users u on u.id = t.author_id where t.user_id = ? and t.done = ?
"""


async def todos(request: Request) -> Response:
    user = require_user(request)
    done = request.query_params.get("state") == "done"
    page = paged(request, _TODOS, user["id"], int(done), order="created_at desc, id desc")
    counts = {
        state: database_of(request).value(
            "select count(*) from todos where user_id = ? and done = ?", user["id"], int(state == "done")
        )
        for state in ("pending", "done")
    }
    return render(request, "todos.html", page=page, done=done, counts=counts)


async def change(request: Request) -> Response:
    """Marks one as done, or puts it back."""
    user = require_user(request)
    form = await posted(request)
    todo = database_of(request).one("select * from todos where id = ?", request.path_params["todo_id"])
    if todo is None or todo["user_id"] != user["id"]:
        raise HTTPException(404, "There is no such to-do item in your list.")
    database_of(request).run("update todos set done = ? where id = ?", int(form["done"] == "1"), todo["id"])
    return back(request, "/dashboard/todos")


async def all_done(request: Request) -> Response:
    user = require_user(request)
    await posted(request)
    database_of(request).run("update todos set done = 1 where user_id = ?", user["id"])
    return see_other("/dashboard/todos")


def routes() -> Iterator[BaseRoute]:
    yield Route("/dashboard/todos", todos)
    yield Route("/dashboard/todos/destroy_all", all_done, methods=["POST"])
    yield Route("/dashboard/todos/{todo_id:int}", change, methods=["POST"])

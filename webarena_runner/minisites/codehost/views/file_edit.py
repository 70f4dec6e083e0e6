"""Writing files through the browser: each form ends in a commit on the chosen branch."""

import re
import sqlite3
from collections.abc import Iterator, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.codehost.access import Role, project_of
from webarena_runner.minisites.codehost.context import (
    Posted,
    database_of,
    posted,
    render,
    require_user,
    see_other,
)
from webarena_runner.minisites.codehost.repository import (
    Ref,
    branch_named,
    content_of,
    ref_of,
    tree_of,
    write_commit,
)

_SEGMENT = re.compile(r"[^/\x00]+")
BRANCH_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,100}")
_CONTENT_LIMIT = 200_000


async def edit(request: Request) -> Response:
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _branch(request, project), database_of(request)
    file = tree_of(database, ref.commit_id).get(ref.path)
    if file is None:
        raise HTTPException(404, f"There is no file “{ref.path}” on {ref.name}.")
    content = content_of(database, file)
    if request.method == "GET":
        values = {"path": ref.path, "content": content, "message": f"Update {ref.path}", "branch": ref.name}
        return _form(request, project, ref, "edit", values, {})
    form = await posted(request)
    errors = _errors(database, project, form, ref)
    path = form["path"]
    if path != ref.path and path in tree_of(database, ref.commit_id):
        errors["path"] = "There is already a file of this name."
    if not errors and path == ref.path and _text(form) == content:
        errors["content"] = "Nothing has changed."
    if errors:
        return _form(request, project, ref, "edit", form.values, errors)
    files = {path: _text(form)} if path == ref.path else {ref.path: None, path: _text(form)}
    return _commit(database, project, user, ref, form, files)


async def new(request: Request) -> Response:
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _start(request, project), database_of(request)
    folder = f"{ref.path}/" if ref.path else ""
    if request.method == "GET":
        values = {"path": folder, "content": "", "message": "Add new file", "branch": ref.name}
        return _form(request, project, ref, "new", values, {})
    form = await posted(request)
    errors = _errors(database, project, form, ref)
    if form["path"] in (tree_of(database, ref.commit_id) if ref.commit_id else {}):
        errors["path"] = "There is already a file of this name."
    if errors:
        return _form(request, project, ref, "new", form.values, errors)
    return _commit(database, project, user, ref, form, {form["path"]: _text(form)})


async def new_directory(request: Request) -> Response:
    """A directory exists through the files in it, so an empty one gets a .gitkeep."""
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _start(request, project), database_of(request)
    folder = f"{ref.path}/" if ref.path else ""
    if request.method == "GET":
        values = {"path": folder, "message": "Add new directory", "branch": ref.name}
        return _form(request, project, ref, "directory", values, {})
    form = await posted(request)
    path = form["path"].strip("/")
    errors = _errors(database, project, form, ref, path=path)
    if any(each == path or each.startswith(f"{path}/") for each in tree_of(database, ref.commit_id)):
        errors["path"] = "There is already something of this name."
    if errors:
        return _form(request, project, ref, "directory", form.values, errors)
    _commit(database, project, user, ref, form, {f"{path}/.gitkeep": ""})
    return see_other(f"/{project['full_path']}/-/tree/{form['branch']}/{path}")


async def delete(request: Request) -> Response:
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _branch(request, project), database_of(request)
    if ref.path not in tree_of(database, ref.commit_id):
        raise HTTPException(404, f"There is no file “{ref.path}” on {ref.name}.")
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete file",
            question=f"Delete {ref.path} from {ref.name}? The history keeps it.",
            button="Delete file",
            way_back=f"/{project['full_path']}/-/blob/{ref.name}/{ref.path}",
        )
    await posted(request)
    message = f"Delete {ref.path}"
    parents = (ref.commit_id,)
    write_commit(database, project, user, branch=ref.name, message=message, files={ref.path: None}, parents=parents)
    return see_other(f"/{project['full_path']}/-/tree/{ref.name}")


def _branch(request: Request, project: sqlite3.Row) -> Ref:
    ref = ref_of(request, project)
    if not ref.is_branch:
        raise HTTPException(400, f"{ref.name} is not a branch; files can only be changed on branches.")
    return ref


def _start(request: Request, project: sqlite3.Row) -> Ref:
    """Like `_branch`, but an empty repository has its default branch too, without a commit (0)."""
    empty = not database_of(request).one("select 1 from branches where project_id = ?", project["id"])
    if empty:
        return Ref(project["default_branch"], 0, is_branch=True)
    return _branch(request, project)


def _text(form: Posted) -> str:
    """A text file ends with a line end; the form has lost the ones at both ends."""
    return f"{form['content']}\n" if form["content"] else ""


def _errors(
    database: Database, project: sqlite3.Row, form: Posted, ref: Ref, *, path: str | None = None
) -> dict[str, str]:
    errors = {}
    path = form["path"] if path is None else path
    parts = path.split("/")
    if not path or not all(_SEGMENT.fullmatch(part) and part not in (".", "..", ".git") for part in parts):
        errors["path"] = "Enter a path such as docs/guide.md, without empty parts."
    if len(form["content"]) > _CONTENT_LIMIT:
        errors["content"] = f"At most {_CONTENT_LIMIT:,} characters."
    if not form["message"]:
        errors["message"] = "A commit needs a message."
    if not BRANCH_NAME.fullmatch(form["branch"]):
        errors["branch"] = "This cannot be the name of a branch."
    elif form["branch"] != ref.name and branch_named(database, project["id"], form["branch"]):
        errors["branch"] = "There is already a branch of this name."
    return errors


def _commit(
    database: Database,
    project: sqlite3.Row,
    user: sqlite3.Row,
    ref: Ref,
    form: Posted,
    files: Mapping[str, str | None],
) -> Response:
    """On another branch than the one that was edited, it goes on to a merge request."""
    parents = (ref.commit_id,) if ref.commit_id else ()
    branch = form["branch"]
    write_commit(database, project, user, branch=branch, message=form["message"], files=files, parents=parents)
    if branch != ref.name and ref.commit_id:
        query = f"merge_request[source_branch]={branch}&merge_request[target_branch]={ref.name}"
        return see_other(f"/{project['full_path']}/-/merge_requests/new?{query}")
    path = next(path for path, content in files.items() if content is not None)
    return see_other(f"/{project['full_path']}/-/blob/{branch}/{path}")


def _form(
    request: Request,
    project: sqlite3.Row,
    ref: Ref,
    kind: str,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    return render(
        request,
        "file_form.html",
        status_code=422 if errors else 200,
        project=project,
        ref=ref,
        kind=kind,
        values=values,
        errors=errors,
    )


def routes() -> Iterator[BaseRoute]:
    base = "/{namespace}/{project}/-"
    yield Route(f"{base}/edit/{{ref:path}}", edit, methods=["GET", "POST"])
    yield Route(f"{base}/new/{{ref:path}}", new, methods=["GET", "POST"])
    yield Route(f"{base}/create_dir/{{ref:path}}", new_directory, methods=["GET", "POST"])
    yield Route(f"{base}/delete/{{ref:path}}", delete, methods=["GET", "POST"])

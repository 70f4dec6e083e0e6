"""Writing files through the browser: each form ends in a commit on the chosen branch."""

import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import today
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.licenses import is_license_file, license_names, license_text
from webarena_mini.sites.codehost.domain.naming import is_branch_name, is_file_path
from webarena_mini.sites.codehost.domain.repository import Ref, address, branch_named, content_of, tree_of, write_commit
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import project_of, ref_of

_CONTENT_LIMIT, _MESSAGE_LIMIT = 200_000, 2_000


async def edit(request: Request) -> Response:
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _branch(request, project), database_of(request)
    tree = tree_of(database, ref.commit_id)
    file = tree.pop(ref.path, None)
    if file is None:
        raise HTTPException(404, f"There is no file “{ref.path}” on {ref.name}.")
    content = content_of(database, file)
    if request.method == "GET":
        values = {"path": ref.path, "content": content, "message": f"Update {ref.path}", "branch": ref.name}
        return _form(request, project, ref, "edit", values)
    form = await _written(request)
    if form["apply"]:
        return _form(request, project, ref, "edit", _from_template(database, user, form))
    path = form["path"]
    errors = _errors(database, project, form, ref, path, tree)
    if not errors and path == ref.path and _text(form) == content:
        errors["content"] = "Nothing has changed."
    if errors:
        return _form(request, project, ref, "edit", form.values, errors)
    files = {path: _text(form)} if path == ref.path else {ref.path: None, path: _text(form)}
    return _commit(database, project, user, ref, form, files)


async def new(request: Request) -> Response:
    project, user = project_of(request, least=Role.DEVELOPER), require_user(request)
    ref, database = _start(request, project), database_of(request)
    if request.method == "GET":
        name = request.query_params.get("file_name", "")[:100]
        path = "/".join(part for part in (ref.path, name) if part) + ("" if name or not ref.path else "/")
        values = {"path": path, "content": "", "message": f"Add {name or 'new file'}", "branch": ref.name}
        return _form(request, project, ref, "new", values)
    form = await _written(request)
    if form["apply"]:
        return _form(request, project, ref, "new", _from_template(database, user, form))
    tree = tree_of(database, ref.commit_id) if ref.commit_id else {}
    errors = _errors(database, project, form, ref, form["path"], tree)
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
        return _form(request, project, ref, "directory", values)
    form = await posted(request)
    path = form["path"].strip("/")
    errors = _errors(database, project, form, ref, path, tree_of(database, ref.commit_id))
    if errors:
        return _form(request, project, ref, "directory", form.values, errors)
    _commit(database, project, user, ref, form, {f"{path}/.gitkeep": ""})
    return redirect_to(address(project, "tree", form["branch"], path))


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
            way_back=address(project, "blob", ref.name, ref.path),
        )
    await posted(request)
    message = f"Delete {ref.path}"
    parents = (ref.commit_id,)
    write_commit(database, project, user, branch=ref.name, message=message, files={ref.path: None}, parents=parents)
    return redirect_to(address(project, "tree", ref.name))


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


async def _written(request: Request) -> Posted:
    """The form with the file as it was typed: blanks at the ends of a line of code mean something."""
    form = await posted(request)
    content = str((await request.form()).get("content", ""))
    return Posted({**form.values, "content": content.replace("\r\n", "\n")})


def _text(form: Posted) -> str:
    """A text file ends with a line end."""
    content = form["content"]
    return content if content.endswith("\n") or not content else f"{content}\n"


def _from_template(database: Database, user: sqlite3.Row, form: Posted) -> dict[str, str]:
    """The form again, with the text of the licence that was chosen."""
    values = dict(form.values)
    if form["template"] in license_names():
        values["content"] = license_text(form["template"], owner=user["name"], year=str(today(database).year))
        if not form["path"] or form["path"].endswith("/"):
            values["path"] = f"{form['path']}LICENSE"
    return values


def _errors(
    database: Database, project: sqlite3.Row, form: Posted, ref: Ref, path: str, others: Mapping[str, object]
) -> dict[str, str]:
    """`others` are the files that the path must not meet, neither as a file nor as a directory."""
    errors = {}
    parents = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
    if not is_file_path(path):
        errors["path"] = "Enter a path such as docs/guide.md, without empty parts."
    elif path in others or any(other.startswith(f"{path}/") for other in others):
        errors["path"] = "There is already something of this name."
    elif taken := [parent for parent in parents if parent in others]:
        errors["path"] = f"{taken[0]} is a file, so there can be nothing in it."
    if len(form["content"]) > _CONTENT_LIMIT:
        errors["content"] = f"At most {_CONTENT_LIMIT:,} characters."
    if not form["message"] or len(form["message"]) > _MESSAGE_LIMIT:
        errors["message"] = f"A commit needs a message of at most {_MESSAGE_LIMIT:,} characters."
    if not is_branch_name(form["branch"]):
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
    if not ref.commit_id:
        database.run("update projects set default_branch = ? where id = ?", branch, project["id"])
    if branch != ref.name and ref.commit_id:
        ends = {"merge_request[source_branch]": branch, "merge_request[target_branch]": ref.name}
        return redirect_to(f"/{project['full_path']}/-/merge_requests/new?{urlencode(ends)}")
    path = next(path for path, content in files.items() if content is not None)
    return redirect_to(address(project, "blob", branch, path))


def _form(
    request: Request,
    project: sqlite3.Row,
    ref: Ref,
    kind: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> Response:
    return render(
        request,
        "file_form.html",
        project=project,
        ref=ref,
        kind=kind,
        values=values,
        errors=errors or {},
        licenses=license_names() if kind == "new" or is_license_file(ref.path) else {},
    )

"""Creating projects: blank ones and ones from a template."""

import sqlite3
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, VISIBILITIES, Role, exposes, role_in_group
from webarena_mini.sites.codehost.domain.naming import is_project_path
from webarena_mini.sites.codehost.domain.project_templates import project_templates
from webarena_mini.sites.codehost.domain.repository import write_commit
from webarena_mini.sites.codehost.domain.text import slugged
from webarena_mini.sites.codehost.pages.frame import render

NAME_LIMIT, DESCRIPTION_LIMIT = 100, 2_000


async def new(request: Request) -> Response:
    """All ways of creating a project on one page; the part behind "#" chooses which one shows."""
    user = require_user(request)
    place = request.query_params.get("namespace_id", "")
    return _page(request, user, {"visibility": "private", "readme": "1", "namespace_id": place}, {})


async def create(request: Request) -> Response:
    user = require_user(request)
    form = await posted(request)
    database = database_of(request)
    values = {key.removeprefix("project[").removesuffix("]"): value for key, value in form.values.items()}
    path = values.get("path") or slugged(values.get("name", ""))
    namespace = _namespace(database, user, values.get("namespace_id", ""))
    errors = check(database, values, path, namespace)
    template = project_templates().get(form["template"])
    if form["from"] == "template" and template is None:
        errors["template"] = "Choose a template."
    if errors or namespace is None:
        return _page(request, user, values, errors)
    project = insert(database, user, namespace, values, path)
    if template:
        files = {path: text.replace("«name»", values["name"]) for path, text in template.files.items()}
        message = f"Initialized from '{template.name}' project template"
        write_commit(database, project, user, branch="main", message=message, files=files, parents=())
    elif form["readme"]:
        files = {"README.md": f"# {values['name']}\n\n{values.get('description', '')}\n".rstrip() + "\n"}
        write_commit(database, project, user, branch="main", message="Initial commit", files=files, parents=())
    return redirect_to(f"/{project['full_path']}")


def check(database: Database, values: Mapping[str, str], path: str, namespace: sqlite3.Row | None) -> dict[str, str]:
    errors = {}
    if not values.get("name"):
        errors["name"] = "A project needs a name."
    elif len(values["name"]) > NAME_LIMIT:
        errors["name"] = f"At most {NAME_LIMIT} characters."
    if namespace is None:
        errors["namespace"] = "Choose a place where you may create projects."
    elif not is_project_path(path):
        errors["path"] = "Use letters, digits, dots, hyphens and underscores."
    elif database.one("select 1 from projects where namespace_id = ? and path = ?", namespace["id"], path):
        errors["path"] = f"There is already a project {namespace['path']}/{path}."
    if len(values.get("description", "")) > DESCRIPTION_LIMIT:
        errors["description"] = f"At most {DESCRIPTION_LIMIT:,} characters."
    visibility = values.get("visibility", "private")
    if visibility not in VISIBILITIES:
        errors["visibility"] = "Choose one of these."
    elif namespace is not None and exposes(visibility, namespace["visibility"]):
        errors["visibility"] = f"The group {namespace['name']} is {namespace['visibility']}, and so is what is in it."
    return errors


def insert(
    database: Database, user: sqlite3.Row, namespace: sqlite3.Row, values: Mapping[str, str], path: str
) -> sqlite3.Row:
    """The new project, which the user owns, still without files."""
    created_at = tick(database)
    project_id = database.insert(
        "projects",
        namespace_id=namespace["id"],
        path=path,
        name=values["name"],
        description=values.get("description", ""),
        visibility=values.get("visibility", "private"),
        created_at=created_at,
        active_at=created_at,
    )
    database.insert(
        "project_members", project_id=project_id, user_id=user["id"], role=Role.OWNER.value, created_at=created_at
    )
    (project,) = database.all(f"{PROJECTS} where p.id = ?", project_id)
    return project


def namespaces_of(database: Database, user: sqlite3.Row) -> list[sqlite3.Row]:
    """Where the user may create projects: the own name first, then groups."""
    return database.all(
        f"""select n.* from namespaces n where n.user_id = ?1
        or (n.kind = 'group' and {role_in_group(user["id"])} >= ?2) order by n.kind desc, n.path""",
        user["id"],
        Role.DEVELOPER.value,
    )


def _namespace(database: Database, user: sqlite3.Row, given: str) -> sqlite3.Row | None:
    return next((row for row in namespaces_of(database, user) if given in ("", str(row["id"]))), None)


def _page(request: Request, user: sqlite3.Row, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    return render(
        request,
        "project_new.html",
        namespaces=namespaces_of(database_of(request), user),
        templates=project_templates(),
        values=values,
        errors=errors,
        shown=f"{values.get('from', 'blank')}" if errors else "",
    )

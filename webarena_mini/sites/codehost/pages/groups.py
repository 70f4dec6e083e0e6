"""Groups: creating one, its page, issues, merge requests, members and settings."""

import sqlite3
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, VISIBILITIES, Role, exposes, seen_by
from webarena_mini.sites.codehost.domain.issuables import attached
from webarena_mini.sites.codehost.domain.naming import is_group_path
from webarena_mini.sites.codehost.domain.text import slugged
from webarena_mini.sites.codehost.pages.feeds import feed, newest
from webarena_mini.sites.codehost.pages.filters import filters_of, found
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import group_of
from webarena_mini.sites.codehost.pages.project_lists import project_list

_NEWEST = 6


async def new(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        return _form(request, None, {"visibility": "private"}, {})
    form = await posted(request)
    database = database_of(request)
    path = form["group[path]"] or slugged(form["group[name]"])
    errors = _errors(form.values)
    if not is_group_path(path):
        errors["path"] = "Use letters, digits, dots, hyphens and underscores; some names are taken by the site itself."
    elif database.one("select 1 from namespaces where path = ?", path):
        errors["path"] = "This URL is taken."
    if errors:
        values = {key[6:-1]: value for key, value in form.values.items() if key.startswith("group[")}
        return _form(request, None, values, errors)
    created_at = tick(database)
    group_id = database.insert(
        "namespaces",
        path=path,
        name=form["group[name]"],
        kind="group",
        description=form["group[description]"],
        visibility=form["group[visibility]"],
        created_at=created_at,
    )
    database.insert(
        "group_members", namespace_id=group_id, user_id=user["id"], role=Role.OWNER.value, created_at=created_at
    )
    return redirect_to(f"/{path}")


async def old_address(request: Request) -> Response:
    return redirect_to(f"/{group_of(request)['path']}")


def page(request: Request, group: sqlite3.Row) -> Response:
    """The group's page, for the view that serves names at the root."""
    sql = f"{PROJECTS} where p.namespace_id = ?1 and {seen_by(visitor_of(request).user_id)}"
    members = database_of(request).value("select count(*) from group_members where namespace_id = ?", group["id"])
    listed = project_list(request, sql, group["id"])
    latest = newest(request, "p.namespace_id = ?", group["id"], limit=_NEWEST)
    return render(request, "group.html", group=group, listed=listed, members=members, events=latest)


async def activity(request: Request) -> Response:
    group = group_of(request)
    return render(request, "group_activity.html", group=group, feed=feed(request, "p.namespace_id = ?", group["id"]))


async def issues(request: Request) -> Response:
    return _work(request, "issue")


async def merge_requests(request: Request) -> Response:
    return _work(request, "merge_request")


async def edit(request: Request) -> Response:
    group = group_of(request, least=Role.OWNER)
    if request.method == "GET":
        return _form(request, group, dict(group), {})
    form = await posted(request)
    errors = _errors(form.values)
    if "visibility" not in errors:
        shown = database_of(request).all("select visibility from projects where namespace_id = ?", group["id"])
        if any(exposes(row["visibility"], form["group[visibility]"]) for row in shown):
            errors["visibility"] = "Some of the group's projects can be seen by more people than that."
    if errors:
        values = {key[6:-1]: value for key, value in form.values.items() if key.startswith("group[")}
        return _form(request, group, values, errors)
    database_of(request).run(
        "update namespaces set name = ?, description = ?, visibility = ? where id = ?",
        form["group[name]"],
        form["group[description]"],
        form["group[visibility]"],
        group["id"],
    )
    return redirect_to(f"/{group['path']}")


async def delete(request: Request) -> Response:
    group = group_of(request, least=Role.OWNER)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete group",
            question=f"Delete the group “{group['name']}” with all its projects? This cannot be undone.",
            button="Delete group",
            way_back=f"/groups/{group['path']}/-/edit",
        )
    await posted(request)
    database_of(request).run("delete from namespaces where id = ?", group["id"])
    return redirect_to("/dashboard/groups")


def _work(request: Request, kind: str) -> Response:
    group, filters = group_of(request), filters_of(request, kind)
    page, counts = found(request, filters, "p.namespace_id = ?", group["id"])
    return render(
        request,
        "group_work.html",
        group=group,
        kind=kind,
        filters=filters,
        page=page,
        counts=counts,
        attached=attached(database_of(request), page.rows),
    )


def _errors(values: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not values.get("group[name]"):
        errors["name"] = "A group needs a name."
    elif len(values["group[name]"]) > 100:
        errors["name"] = "At most 100 characters."
    if len(values.get("group[description]", "")) > 500:
        errors["description"] = "At most 500 characters."
    if values.get("group[visibility]") not in VISIBILITIES:
        errors["visibility"] = "Choose one of these."
    return errors


def _form(
    request: Request, group: sqlite3.Row | None, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    return render(request, "group_form.html", group=group, values=values, errors=errors)

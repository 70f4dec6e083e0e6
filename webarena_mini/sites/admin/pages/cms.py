"""The store's own pages: their grid and their form."""

import re

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.pages.lists import chosen
from webarena_mini.sites.admin.pages.visit import Visit

_LAYOUTS = ("1 column", "2 columns with left bar", "2 columns with right bar", "Page -- Full Width")
_TEXTS = ("title", "identifier", "heading", "content", "meta_title", "meta_keywords", "meta_description")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_/-]{0,99}")
_GONE = "This page no longer exists."
# What the store has at addresses that begin so would hide the page.
_RESERVED = ("admin", "catalogsearch", "media", "review", "static")
_REQUIRED = "This is a required field."
_NEW_PAGE: dict[str, object] = {
    "id": None, "is_active": 1, "layout": _LAYOUTS[0], **dict.fromkeys(_TEXTS, ""),
}  # fmt: skip


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from cms_page where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    return _form(visit, dict(row), {})


def new(visit: Visit) -> Response:
    return _form(visit, _NEW_PAGE, {})


def _form(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    title = str(values["title"]) if values["id"] else "New Page"
    page = {"title": title, "values": values, "errors": errors, "layouts": _LAYOUTS}
    return visit.page("cms_page.html", status_code=200, refused=bool(errors), **page)


def save(visit: Visit) -> Response:
    number = visit.path_id() or None
    row = visit.db.one("select * from cms_page where id = ?", number)
    if number is not None and row is None:
        return visit.not_found(_GONE)
    values: dict[str, object] = {name: visit.field(name) for name in _TEXTS}
    layout = visit.field("layout")
    values |= {"is_active": int("is_active" in visit.form), "layout": layout if layout in _LAYOUTS else _LAYOUTS[0]}
    identifier = str(values["identifier"] or re.sub(r"[^a-z0-9]+", "-", str(values["title"]).lower()).strip("-"))
    values["identifier"] = identifier
    errors = {} if values["title"] else {"title": _REQUIRED}
    if not errors and not _IDENTIFIER.fullmatch(identifier):
        errors["identifier"] = "Use small letters, digits and hyphens."
    elif identifier.split("/")[0] in _RESERVED:
        errors["identifier"] = "The store uses this address itself."
    elif visit.db.one("select 1 from cms_page where identifier = ? and id is not ?", identifier, number):
        errors["identifier"] = "The value specified in the URL Key field would generate a URL that already exists."
    if errors:
        return _form(visit, {**(dict(row) if row else _NEW_PAGE), **values}, errors)
    at = visit.tick()
    if number is None:
        number = visit.db.insert("cms_page", **values, created_at=at, updated_at=at)
    else:
        changes = ", ".join(f"{name} = ?" for name in values)
        visit.db.run(f"update cms_page set {changes}, updated_at = ? where id = ?", *values.values(), at, number)
    visit.notice("You saved the page.")
    return visit.redirect(f"/admin/cms/page/edit/page_id/{number}/")


def delete(visit: Visit) -> Response:
    if visit.db.one("select 1 from cms_page where id = ?", visit.path_id()) is None:
        return visit.not_found(_GONE)
    visit.db.run("delete from cms_page where id = ?", visit.path_id())
    visit.notice("The page has been deleted.")
    return visit.redirect(grids.PAGES.path)


def mass_action(visit: Visit) -> Response:
    what, numbers = visit.field("action"), chosen(visit)
    if what not in grids.PAGES.mass:
        visit.error("Please choose an action.")
    elif numbers:
        for number in numbers:
            if what == "delete":
                visit.db.run("delete from cms_page where id = ?", number)
            else:
                visit.db.run("update cms_page set is_active = ? where id = ?", int(what == "enable"), number)
        visit.notice(f"A total of {len(numbers)} record(s) have been {'deleted' if what == 'delete' else 'updated'}.")
    return visit.redirect(grids.PAGES.path)

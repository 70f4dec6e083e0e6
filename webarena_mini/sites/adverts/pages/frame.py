"""A page of the advertisements around its content."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import now
from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.redirects import address_of, redirect_to
from webarena_mini.kit.sessions import token_of, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.kit.text import ago, counted, day
from webarena_mini.sites.adverts import FOLDER
from webarena_mini.sites.adverts.domain import items
from webarena_mini.sites.adverts.domain.text import item_path, picture_path, price, search_path, stars

# Whether a page is the application's is told by this part of its addresses.
SKIN = Skin(FOLDER, "adverts.css", prefix="/oc-content/themes/swapfield")


class _Filled(dict[str, Any]):
    """Fields of a form by name; those that are absent are empty."""

    def __missing__(self, key: str) -> str:
        return ""


@cache
def _pages() -> Pages:
    return Pages(
        FOLDER,
        {
            "ago": ago,
            "counted": counted,
            "day": day,
            "item_path": item_path,
            "picture_path": picture_path,
            "price": price,
            "search_path": search_path,
            "stars": stars,
        },
    )


def render(request: Request, template: str, *, status_code: int = 200, **values: Any) -> Response:
    """`query` of the values is the search that the form in the head shows, `values` are those of a form."""
    database = database_of(request)
    filled = {name: _Filled(values.pop(name, {})) for name in ("query", "values")}
    filled["values"].update(_take_kept(request))
    categories = items.categories(database)
    return _pages().render(
        request,
        template,
        status_code=status_code,
        visitor=visitor_of(request),
        now=now(database),
        categories=categories,
        category_pairs=[(each["id"], each["name"]) for each in categories],
        town_pairs=[(town, town) for town in items.towns(database)],
        stylesheet=SKIN.path("adverts.css"),
        flashes=_take_flashes(request),
        **filled,
        **values,
    )


def go(request: Request, path: str, told: str = "") -> Response:
    """As the official application answers to a form; the next page of this visitor's shows what it is told."""
    if told:
        _flash(request, told, is_fault=False)
    return redirect_to(path)


def refuse(request: Request, path: str, *faults: str, fields: Mapping[str, str] | None = None) -> Response:
    """As the official application answers to a form with mistakes.

    The next page of this visitor's tells of these, and has the fields where it is the one at `path`.
    """
    tell_faults(request, faults)
    if fields:
        database_of(request).run(
            "insert or replace into kept_forms values (?, ?, ?)", token_of(request), path, json.dumps(dict(fields))
        )
    return redirect_to(path)


def tell_faults(request: Request, faults: Iterable[str]) -> None:
    """On the next page that is rendered for this visitor."""
    for fault in faults:
        _flash(request, fault, is_fault=True)


def _flash(request: Request, told: str, *, is_fault: bool) -> None:
    database_of(request).run("insert into flashes values (?, ?, ?)", token_of(request), told, is_fault)


def _take_flashes(request: Request) -> list[sqlite3.Row]:
    database, token = database_of(request), token_of(request)
    found = database.all("select told, is_fault from flashes where token = ? order by rowid", token)
    if found:
        database.run("delete from flashes where token = ?", token)
    return found


def _take_kept(request: Request) -> dict[str, str]:
    """Fields of the form that was refused last, when this is its page; another page forgets them."""
    database, token = database_of(request), token_of(request)
    kept = database.one("select path, fields from kept_forms where token = ?", token)
    if kept is None:
        return {}
    database.run("delete from kept_forms where token = ?", token)
    fields: dict[str, str] = json.loads(kept["fields"]) if kept["path"] == address_of(request) else {}
    return fields

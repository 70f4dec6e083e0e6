"""A page of the advertisements around its content."""

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.clock import now
from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
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
    """`query` of the values is the search that the form in the head shows, `values` and `faults` are a form's."""
    database = database_of(request)
    filled = {name: _Filled(values.pop(name, {})) for name in ("query", "values", "faults")}
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
        database_of(request).run("insert into flashes values (?, ?)", token_of(request), told)
    return RedirectResponse(path, status_code=302)


def _take_flashes(request: Request) -> list[str]:
    database, token = database_of(request), token_of(request)
    found = [row["told"] for row in database.all("select told from flashes where token = ? order by rowid", token)]
    if found:
        database.run("delete from flashes where token = ?", token)
    return found

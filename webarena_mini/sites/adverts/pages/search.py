"""The front page, and lists of what was searched for."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.numbers import to_int
from webarena_mini.kit.site import database_of
from webarena_mini.sites.adverts.domain import items
from webarena_mini.sites.adverts.pages.frame import render

_KEPT = ("page", "sPattern", "sCategory", "sCity", "sPriceMin", "sPriceMax", "bPic", "sOrder", "iOrderType", "sShowAs")
_ON_FRONT = 24


async def home(request: Request) -> Response:
    database = database_of(request)
    return render(request, "home.html", newest=items.newest(database, _ON_FRONT))


async def search(request: Request) -> Response:
    database = database_of(request)
    query = {key: value for key, value in request.query_params.items() if key in _KEPT}
    page = to_int(request.query_params.get("iPage"), low=1, high=10_000, default=1)
    found = items.find(database, _asked(query), page)
    return render(request, "search.html", found=found, query=query)


def _asked(query: Mapping[str, str]) -> items.Search:
    order = (query.get("sOrder", ""), query.get("iOrderType", ""))
    return items.Search(
        pattern=query.get("sPattern", ""),
        category=to_int(query.get("sCategory"), low=0, high=10_000, default=0),
        town=query.get("sCity", "").strip(),
        lowest=_dollars(query.get("sPriceMin", "")),
        highest=_dollars(query.get("sPriceMax", "")),
        with_picture=bool(query.get("bPic")),
        order=order if order in items.ORDERS else items.NEWEST,
    )


def _dollars(text: str) -> int | None:
    number = to_int(text, low=0, high=items.LARGEST_PRICE, default=-1)
    return None if number < 0 else number

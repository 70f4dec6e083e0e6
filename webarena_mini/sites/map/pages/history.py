"""Who changed the map: changesets and mappers."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.map.domain.elements import COLUMNS, spots
from webarena_mini.sites.map.domain.geo import whole_number, write_point
from webarena_mini.sites.map.domain.view import View, whole_region
from webarena_mini.sites.map.pages.frame import frame, page_number, render

_PER_PAGE = 20
_CHANGESETS = (
    "select c.*, m.name as mapper_name, (select count(*) from revision r where r.changeset = c.id) as changes"
    " from changeset c join mapper m on m.id = c.mapper"
)


async def history(request: Request) -> Response:
    database = database_of(request)
    count = database.value("select count(*) from changeset")
    number = page_number(request, count=count, per_page=_PER_PAGE)
    offset = (number - 1) * _PER_PAGE
    rows = database.all(f"{_CHANGESETS} order by c.id desc limit ? offset ?", _PER_PAGE, offset)
    return render(
        request,
        "history.html",
        frame=frame(request, whole_region(), ""),
        changesets=rows,
        page=number,
        more=offset + _PER_PAGE < count,
    )


async def changeset(request: Request) -> Response:
    database, asked = database_of(request), request.path_params["number"]
    number = whole_number(asked)
    row = database.one(f"{_CHANGESETS} where c.id = ?", number)
    if row is None:
        raise HTTPException(404, f"Sorry, there is no changeset with the number {asked[:40]}.")
    changed = database.all(
        f"select {COLUMNS}, r.version from revision r join element e on e.key = r.element where r.changeset = ?"
        " order by e.type, e.key",
        number,
    )
    found = spots(changed)
    marks = ";".join(write_point(spot.at) for spot in found[:20])
    view = View.around([spot.at for spot in found], closest=15) if found else whole_region()
    return render(
        request,
        "changeset.html",
        frame=frame(request, view, "The changed elements are marked.", marks=marks),
        changeset=row,
        changed=list(zip(found, [one["version"] for one in changed], strict=True)),
        before=database.value("select max(id) from changeset where id < ? and mapper = ?", number, row["mapper"]),
        after=database.value("select min(id) from changeset where id > ? and mapper = ?", number, row["mapper"]),
    )


async def mapper(request: Request) -> Response:
    database = database_of(request)
    row = database.one("select * from mapper where name = ? collate nocase", request.path_params["name"])
    if row is None:
        raise HTTPException(404, "Sorry, nobody of that name maps here.")
    rows = database.all(f"{_CHANGESETS} where c.mapper = ? order by c.id desc", row["id"])
    shown = frame(request, whole_region(), "")
    return render(request, "mapper.html", frame=shown, mapper=row, changesets=rows)

"""An advertisement: reading it, writing to its seller, commenting, publishing, changing, deleting."""

import sqlite3

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.kit.clock import tick
from webarena_mini.kit.images import store_image
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.sessions import posted, require_user, visitor_of, with_session
from webarena_mini.kit.site import database_of
from webarena_mini.sites.adverts.domain import items
from webarena_mini.sites.adverts.domain.text import item_path
from webarena_mini.sites.adverts.pages.frame import go, refuse, render

_RELATED = 12
_NO_PICTURE = "Choose a PNG, JPEG, GIF or WebP file of at most 2 MB."
_MINE = "/index.php?page=user&action=items"
_NEW = "/index.php?page=item&action=item_add"


async def show(request: Request) -> Response:
    item = _item_of(request)
    database = database_of(request)

    def page() -> Response:
        return render(
            request,
            "item.html",
            item=item,
            comments=items.comments(database, item["id"]),
            related=items.related(database, item, _RELATED),
        )

    return with_session(request, page)


async def comment(request: Request) -> Response:
    form = await posted(request)
    item = _item_of(request, form["id"])
    user = visitor_of(request).user
    author = user["name"] if user else form["authorName"]
    faults = []
    if not author:
        faults.append("Your name is missing.")
    if not form["body"]:
        faults.append("The comment is missing.")
    elif len(form["body"]) > items.COMMENT_LIMIT:
        faults.append(f"A comment can have at most {items.COMMENT_LIMIT:,} characters.")
    rating = to_int(form["rating"], low=0, high=5, default=0)
    if not rating:
        faults.append("Choose a rating.")
    if faults:
        return refuse(request, item_path(item["id"]), *faults, fields=form.values)
    database = database_of(request)
    database.insert(
        "comments",
        item_id=item["id"],
        user_id=user["id"] if user else None,
        author=author[:80],
        title=form["title"][: items.TITLE_LIMIT],
        body=form["body"],
        rating=rating,
        created_at=tick(database),
    )
    return go(request, f"{item_path(item['id'])}#comments", "Your comment has been approved.")


async def delete_comment(request: Request) -> Response:
    user, form = require_user(request), await posted(request)
    item = _item_of(request, form["id"])
    database = database_of(request)
    number = to_int(form["comment"], low=0, high=LARGEST_ID, default=0)
    if not database.one(
        "select 1 from comments where id = ? and item_id = ? and user_id = ?", number, item["id"], user["id"]
    ):
        return refuse(request, item_path(item["id"]), "Only who wrote a comment can delete it.")
    database.run("delete from comments where id = ?", number)
    return go(request, f"{item_path(item['id'])}#comments", "The comment has been deleted.")


async def contact(request: Request) -> Response:
    form = await posted(request)
    item = _item_of(request, form["id"])
    faults = []
    if not is_email(form["yourEmail"]):
        faults.append("This is not an email address; it should look like name@example.com.")
    if not form["message"]:
        faults.append("The message is missing.")
    if faults:
        return refuse(request, item_path(item["id"]), *faults, fields=form.values)
    database = database_of(request)
    database.insert(
        "messages",
        item_id=item["id"],
        name=form["yourName"][:80],
        email=form["yourEmail"],
        body=form["message"][: items.COMMENT_LIMIT],
        created_at=tick(database),
    )
    return go(request, item_path(item["id"]), "We've just sent an e-mail to the seller.")


async def write(request: Request) -> Response:
    user = require_user(request)
    chosen = request.query_params.get("catId", "")
    return render(request, "item_form.html", values={"catId": chosen, "town": user["town"]}, item=None)


async def publish(request: Request) -> Response:
    user, form = require_user(request), await posted(request)
    database = database_of(request)
    faults = items.faults_of(database, form.values)
    image_id = _picture(request, form.file, faults)
    if faults:
        return refuse(request, _NEW, *faults, fields=form.values)
    number = items.publish(
        database, form.values, user_id=user["id"], contact=user["name"], email=user["email"], image_id=image_id
    )
    return go(request, item_path(number), "Your listing has been published.")


async def edit(request: Request) -> Response:
    item = _own(request)
    cents = item["price_cents"]
    price = "" if cents is None else f"{cents // 100}.{cents % 100:02}".removesuffix(".00")
    values = {**dict(item), "catId": str(item["category_id"]), "price": price}
    return render(request, "item_form.html", values=values, item=item)


async def change(request: Request) -> Response:
    form = await posted(request)
    item = _own(request, form["id"])
    database = database_of(request)
    faults = items.faults_of(database, form.values)
    image_id = _picture(request, form.file, faults)
    if faults:
        return refuse(request, _edit_path(item["id"]), *faults, fields=form.values)
    items.change(database, item["id"], form.values, image_id)
    return go(request, item_path(item["id"]), "Your listing has been updated.")


async def delete(request: Request) -> Response:
    return render(request, "confirm.html", item=_own(request))


async def delete_for_good(request: Request) -> Response:
    form = await posted(request)
    item = _own(request, form["id"])
    database_of(request).run("delete from items where id = ?", item["id"])
    return go(request, _MINE, "Your listing has been deleted.")


def _item_of(request: Request, given: str = "") -> sqlite3.Row:
    number = to_int(given or request.query_params.get("id"), low=0, high=LARGEST_ID, default=0)
    found = items.item(database_of(request), number)
    if found is None:
        raise HTTPException(404, "There is no such listing. It may have been sold and deleted.")
    return found


def _own(request: Request, given: str = "") -> sqlite3.Row:
    user, found = require_user(request), _item_of(request, given)
    if found["user_id"] != user["id"]:
        raise HTTPException(403, "This listing is somebody else's.")
    return found


def _edit_path(item_id: int) -> str:
    return f"/index.php?page=item&action=item_edit&id={item_id}"


def _picture(request: Request, data: bytes, faults: list[str]) -> str | None:
    """What was uploaded, kept unless something else is wrong."""
    if not data or faults:
        return None
    name = store_image(database_of(request), data)
    if name is None:
        faults.append(_NO_PICTURE)
    return name

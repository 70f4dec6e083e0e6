"""Addresses of the advertisements: all pages are /index.php with `page` and `action`."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from webarena_mini.kit.routing import BOTH, GET, Row, table
from webarena_mini.sites.adverts.pages import account, item, pictures, reset, search
from webarena_mini.sites.adverts.pages.frame import SKIN

Handler = Callable[[Request], Awaitable[Response]]
READ: Mapping[tuple[str, str], Handler] = {
    ("", ""): search.home,
    ("main", "logout"): account.leave,
    ("search", ""): search.search,
    ("item", ""): item.show,
    ("item", "item_add"): item.write,
    ("item", "item_edit"): item.edit,
    ("item", "item_delete"): item.delete,
    ("login", ""): account.login,
    ("register", ""): account.register,
    ("register", "register"): account.register,
    ("user", ""): account.own_items,
    ("user", "dashboard"): account.own_items,
    ("user", "items"): account.own_items,
    ("user", "profile"): account.profile,
    ("user", "pub_profile"): account.public,
}
WRITE: Mapping[tuple[str, str], Handler] = {
    ("item", "add_comment"): item.comment,
    ("item", "delete_comment"): item.delete_comment,
    ("item", "contact_post"): item.contact,
    ("item", "item_add_post"): item.publish,
    ("item", "item_edit_post"): item.change,
    ("item", "item_delete_post"): item.delete_for_good,
    ("login", "login_post"): account.log_in,
    ("register", "register_post"): account.join,
    ("user", "profile_post"): account.change_profile,
    ("reset", ""): reset.reset,
}


async def index(request: Request) -> Response:
    """Forms name their page and action in their address."""
    asked = request.query_params.get("page", ""), request.query_params.get("action", "")
    handler = (WRITE if request.method == "POST" else READ).get(asked)
    if handler is None:
        raise HTTPException(404)
    return await handler(request)


ROWS: tuple[Row, ...] = (
    ("/", GET, search.home),
    ("/index.php", BOTH, index),
    ("/oc-content/uploads/{folder:int}/{item_id:int}.png", GET, pictures.ware),
    ("/oc-content/uploads/own/{image_id}", GET, pictures.uploaded),
)


@cache
def routes() -> tuple[BaseRoute, ...]:
    return table(ROWS, SKIN)

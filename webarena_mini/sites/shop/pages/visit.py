"""One request to the shop: who asks, what was sent, and how to answer."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import Instance
from webarena_mini.kit.tokens import new_token, same_secret
from webarena_mini.sites.shop.domain import cart, catalogue, recent


def is_local(path: str) -> bool:
    """Whether a path leads to this site: two slashes or a backslash would begin another host's name."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path


@dataclass(frozen=True)
class Shop:
    """What the handlers of one instance share; its cookie name changes from lease to lease."""

    instance: Instance
    pages: Pages

    @property
    def database(self) -> Database:
        return self.instance.database

    @property
    def cookie(self) -> str:
        return self.instance.cookie


class Visit:
    """The session behind a request; `close` stores it and sets the cookie of a new visitor."""

    def __init__(self, request: Request, shop: Shop, form: FormData) -> None:
        self.request = request
        self.db = shop.database
        self.form = form
        self._shop = shop
        self.token = request.cookies.get(shop.cookie, "")
        row = self.db.one("select * from session where token = ?", self.token)
        self._is_new = row is None
        if row is None:
            self.token = new_token()
            self.db.run("insert into session (token) values (?)", self.token)
        self.customer_id: int | None = row["customer"] if row else None
        self.last_order: int | None = row["last_order"] if row else None
        self.guest_order: int | None = row["guest_order"] if row else None
        self._notices: list[dict[str, str]] = json.loads(row["notices"]) if row and row["notices"] != "[]" else []
        self._had_notices = bool(self._notices)

    @property
    def form_key(self) -> str:
        """Proof that a form came from one of this session's own pages."""
        return hashlib.sha256(f"form:{self.token}".encode()).hexdigest()[:16]

    @property
    def form_is_ours(self) -> bool:
        return same_secret(self.field("form_key"), self.form_key)

    @property
    def cart_owner(self) -> str:
        return f"customer:{self.customer_id}" if self.customer_id else f"session:{self.token}"

    def customer(self) -> Mapping[str, Any] | None:
        if self.customer_id is None:
            return None
        row = self.db.one("select * from customer where id = ?", self.customer_id)
        return dict(row) if row else None

    def field(self, name: str) -> str:
        """A field of the posted form, trimmed; "" where it is absent."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def path_id(self, name: str = "number") -> int:
        return to_int(self.request.path_params.get(name), low=0, high=LARGEST_ID, default=0)

    def notice(self, text: str, *, kind: str = "success", link: str = "", link_text: str = "") -> None:
        """A message for the next page that is shown."""
        self._notices.append({"text": text, "kind": kind, "link": link, "link_text": link_text})

    def error(self, text: str) -> None:
        self.notice(text, kind="error")

    def sign_in(self, customer_id: int) -> None:
        """Starts a new session for the customer; what a guest has put into the cart and looked at becomes theirs."""
        before, was_guest = self.cart_owner, self.customer_id is None
        self.db.run("delete from session where token = ?", self.token)
        self.token, self.customer_id, self._is_new = new_token(), customer_id, True
        self.last_order = self.guest_order = None
        self.db.run("insert into session (token, customer) values (?, ?)", self.token, customer_id)
        if was_guest:
            cart.merge(self.db, before, self.cart_owner)
            recent.merge(self.db, before, self.cart_owner)

    def sign_out(self) -> None:
        self.db.run("delete from session where token = ?", self.token)
        self.token, self.customer_id, self._is_new = new_token(), None, True
        self.last_order = self.guest_order = None
        self.db.run("insert into session (token) values (?)", self.token)

    def remember(self, *, last_order: int | None = None, guest_order: int | None = None) -> None:
        """Keeps the order just placed, or the one that a guest has looked up, for the next pages."""
        self.last_order, self.guest_order = last_order or self.last_order, guest_order or self.guest_order
        orders = (self.last_order, self.guest_order)
        self.db.run("update session set last_order = ?, guest_order = ? where token = ?", *orders, self.token)

    def page(self, template: str, *, status_code: int = 200, **values: object) -> Response:
        """Renders a page with what the frame around it needs; shows and clears the waiting messages."""
        notices, self._notices = self._notices, []
        items = cart.items(self.db, self.cart_owner)
        return self._shop.pages.render(
            self.request,
            template,
            status_code=status_code,
            customer=self.customer(),
            form_key=self.form_key,
            notices=notices,
            navigation=catalogue.navigation(self.db),
            cart_items=items,
            cart_count=sum(item["qty"] for item in items),
            cart_subtotal=sum(item["qty"] * item["price"] for item in items),
            recently_viewed=functools.partial(recent.viewed, self.db, self.cart_owner),
            recently_ordered=functools.partial(recent.ordered, self.db, self.customer_id),
            **values,
        )

    def redirect(self, path: str) -> Response:
        return RedirectResponse(path, status_code=303)

    def came_from(self, default: str = "/") -> str:
        """The page that the form was on, where that is one of ours."""
        try:
            referer = urlsplit(self.request.headers.get("referer", ""))
        except ValueError:
            return default
        if referer.netloc != self.request.url.netloc or not is_local(referer.path):
            return default
        return referer.path + (f"?{referer.query}" if referer.query else "")

    def back(self) -> Response:
        return self.redirect(self.came_from())

    def not_found(self) -> Response:
        return self.page("error.html", status_code=404, title="Page not found", text="We have no page at this address.")

    def close(self, response: Response) -> Response:
        if self._notices or self._had_notices:
            self.db.run("update session set notices = ? where token = ?", json.dumps(self._notices), self.token)
        if self._is_new:
            response.set_cookie(self._shop.cookie, self.token, httponly=True, samesite="lax", path="/")
        response.headers["cache-control"] = "no-store"
        return response

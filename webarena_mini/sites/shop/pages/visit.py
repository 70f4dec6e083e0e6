"""One request to the shop: whose it is, and the page around the answer."""

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit import visits
from webarena_mini.kit.pages import Pages
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.domain import cart, catalogue, recent

MESSAGES = "mage-messages"


def money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def day(moment: str) -> str:
    date = datetime.fromisoformat(moment)
    return f"{date:%b} {date.day}, {date.year}"


def _whole(notice: Mapping[str, str]) -> str:
    return " ".join(filter(None, (notice["text"], notice["link_text"])))


def anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


@functools.cache
def pages() -> Pages:
    """One set of compiled templates for all instances of the process."""
    return Pages(FOLDER, {"money": money, "day": day, "anchor": anchor})


class Visit(visits.Visit):
    """Of a customer, or of a guest with a cart of their own."""

    who_column = "customer"

    def __init__(self, request: Request, form: FormData) -> None:
        super().__init__(request, form)
        self.last_order: int | None = self.session["last_order"] if self.session else None
        self.guest_order: int | None = self.session["guest_order"] if self.session else None

    @property
    def customer_id(self) -> int | None:
        return self.who

    @property
    def cart_owner(self) -> str:
        return f"customer:{self.customer_id}" if self.customer_id else f"session:{self.token}"

    def customer(self) -> Mapping[str, Any] | None:
        if self.customer_id is None:
            return None
        row = self.db.one("select * from customer where id = ?", self.customer_id)
        return dict(row) if row else None

    def sign_in(self, who: int) -> None:
        """What a guest has put into the cart and looked at becomes the customer's."""
        before, was_guest = self.cart_owner, self.customer_id is None
        super().sign_in(who)
        self.last_order = self.guest_order = None
        if was_guest:
            cart.merge(self.db, before, self.cart_owner)
            recent.merge(self.db, before, self.cart_owner)

    def sign_out(self) -> None:
        super().sign_out()
        self.last_order = self.guest_order = None

    def remember(self, *, last_order: int | None = None, guest_order: int | None = None) -> None:
        """Keeps the order just placed, or the one that a guest has looked up, for the next pages."""
        self.last_order, self.guest_order = last_order or self.last_order, guest_order or self.guest_order
        orders = (self.last_order, self.guest_order)
        self.db.run("update session set last_order = ?, guest_order = ? where token = ?", *orders, self.token)

    def page(self, template: str, *, status_code: int = 200, refused: bool = False, **values: object) -> Response:
        """Renders a page with what the frame around it needs; shows and clears the waiting messages.

        `refused`: it is a form with mistakes in it, which the visitor is led back to.
        """
        items = cart.items(self.db, self.cart_owner)
        page = pages().render(
            self.request,
            template,
            status_code=status_code,
            customer=self.customer(),
            form_key=self.form_key,
            notices=self.take_notices(),
            navigation=catalogue.navigation(self.db),
            cart_items=items,
            cart_count=sum(item["qty"] for item in items),
            cart_subtotal=sum(item["qty"] * item["price"] for item in items),
            recently_viewed=functools.partial(recent.viewed, self.db, self.cart_owner),
            recently_ordered=functools.partial(recent.ordered, self.db, self.customer_id),
            **values,
        )
        return self.led_back_to(page) if refused else page

    def close(self, response: Response) -> Response:
        """Waiting messages are in a cookie too, where Magento has them, and some scores look for them."""
        if self.waiting:
            said = [{"type": notice["kind"], "text": _whole(notice)} for notice in self.waiting]
            response.set_cookie(MESSAGES, quote(json.dumps(said)), path="/", samesite="strict")
        elif MESSAGES in self.request.cookies:
            response.delete_cookie(MESSAGES, path="/")
        return super().close(response)

    def not_found(self) -> Response:
        return self.page("error.html", status_code=404, title="Page not found", text="We have no page at this address.")

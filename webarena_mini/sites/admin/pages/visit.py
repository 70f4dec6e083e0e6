"""One request to the store or its back office: whose it is, and the page around the answer."""

import functools
from collections.abc import Callable
from datetime import datetime
from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit import visits
from webarena_mini.kit.pages import Pages
from webarena_mini.sites.admin import FOLDER
from webarena_mini.sites.admin.domain import storefront
from webarena_mini.sites.admin.domain.money import decimal, long_day, long_moment, money, short_day, us_day
from webarena_mini.sites.admin.pages.navigation import MENU

LONGEST_FIELD = 20_000


@functools.cache
def pages() -> Pages:
    """One set of compiled templates for all instances of the process."""
    filters: dict[str, Callable[..., str]] = {
        "money": money,
        "decimal": decimal,
        "day": long_day,
        "moment": long_moment,
        "short_day": short_day,
        "us_day": us_day,
    }
    return Pages(FOLDER, filters)


class Visit(visits.Visit):
    """Of somebody who works in the back office, or of a visitor of the store."""

    who_column = "admin_user"

    @property
    def user_id(self) -> int | None:
        return self.who

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.db.value("select now from clock"))

    def tick(self) -> str:
        """The store's time, one minute later at each call, so that equal actions give equal data."""
        return str(self.db.value("update clock set now = datetime(now, '+1 minute') returning now"))

    def user(self) -> Row | None:
        return self.db.one("select * from admin_user where id = ?", self.user_id) if self.user_id else None

    def field(self, name: str) -> str:
        return super().field(name).replace("\r\n", "\n")[:LONGEST_FIELD]

    def fields(self, name: str) -> list[str]:
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def numbers(self, name: str) -> list[int]:
        """The ids among the form's values of a name."""
        return [int(value) for value in self.fields(name) if value.isdecimal() and len(value) < 10]

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def page(self, template: str, *, status_code: int = 200, refused: bool = False, **values: object) -> Response:
        """Renders a page with what the frame around it needs; shows and clears the waiting messages.

        `refused`: it is a form with mistakes in it, which the visitor is led back to.
        """
        frame: dict[str, object] = {"form_key": self.form_key, "notices": self.take_notices()}
        frame |= storefront.frame(self.db) if template.startswith("store/") else {"user": self.user(), "menu": MENU}
        page = pages().render(self.request, template, status_code=status_code, **frame, **values)
        return self.led_back_to(page) if refused else page

    def not_found(self, text: str = "There is nothing at this address.") -> Response:
        return self.refusal(404, "Page not found", text)

    def refusal(self, status_code: int, title: str, text: str) -> Response:
        """A page that says what went wrong, in the frame of the place that was asked for."""
        in_office = f"{self.request.url.path}/".startswith("/admin/")
        template = "error.html" if in_office and self.user_id else "store/error.html"
        return self.page(template, status_code=status_code, title=title, text=text)

"""One request to the store or its back office: who asks, what was sent, and how to answer."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import Instance
from webarena_mini.kit.tokens import new_token, same_secret
from webarena_mini.sites.admin.domain import storefront
from webarena_mini.sites.admin.pages.navigation import MENU

LONGEST_FIELD = 20_000


@dataclass(frozen=True)
class Store:
    """What the handlers of one instance share; its cookie name changes from lease to lease."""

    instance: Instance
    pages: Pages

    @property
    def database(self) -> Database:
        return self.instance.database


class Visit:
    """The session behind a request; `close` stores it and sets the cookie of a new visitor."""

    def __init__(self, request: Request, store: Store, form: FormData) -> None:
        self.request = request
        self.db = store.database
        self.form = form
        self._store = store
        self.token = request.cookies.get(store.instance.cookie, "")
        row = self.db.one("select admin_user, notices from session where token = ?", self.token)
        self._is_new = row is None
        if row is None:
            self._start_session(None)
        self.user_id: int | None = row["admin_user"] if row else None
        self._notices: list[dict[str, str]] = json.loads(row["notices"]) if row else []
        self._had_notices = bool(self._notices)

    @property
    def form_key(self) -> str:
        """Proof that a form came from one of this session's own pages."""
        return hashlib.sha256(f"form:{self.token}".encode()).hexdigest()[:16]

    @property
    def form_is_ours(self) -> bool:
        return same_secret(self.field("form_key"), self.form_key)

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.db.value("select now from clock"))

    def tick(self) -> str:
        """The store's time, one minute later at each call, so that equal actions give equal data."""
        return str(self.db.value("update clock set now = datetime(now, '+1 minute') returning now"))

    def user(self) -> Row | None:
        return self.db.one("select * from admin_user where id = ?", self.user_id) if self.user_id else None

    def field(self, name: str) -> str:
        """A field of the posted form, trimmed; "" where it is absent."""
        value = self.form.get(name)
        return value.strip().replace("\r\n", "\n")[:LONGEST_FIELD] if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def numbers(self, name: str) -> list[int]:
        """The ids among the form's values of a name."""
        return [int(value) for value in self.fields(name) if value.isdecimal() and len(value) < 10]

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def path_id(self, name: str = "number") -> int:
        return to_int(self.request.path_params.get(name), low=0, high=LARGEST_ID, default=0)

    def notice(self, text: str, *, kind: str = "success") -> None:
        """A message for the next page that is shown."""
        self._notices.append({"text": text, "kind": kind})

    def error(self, text: str) -> None:
        self.notice(text, kind="error")

    def sign_in(self, user_id: int) -> None:
        self.db.run("delete from session where token = ?", self.token)
        self._start_session(user_id)
        self.user_id = user_id

    def sign_out(self) -> None:
        self.db.run("delete from session where token = ?", self.token)
        self._start_session(None)
        self.user_id = None

    def _start_session(self, user_id: int | None) -> None:
        self.token, self._is_new = new_token(), True
        self.db.run("insert into session (token, admin_user) values (?, ?)", self.token, user_id)

    def page(self, template: str, *, status_code: int = 200, **values: object) -> Response:
        """Renders a page with what the frame around it needs; shows and clears the waiting messages."""
        notices, self._notices = self._notices, []
        frame: dict[str, object] = {"form_key": self.form_key, "notices": notices}
        frame |= storefront.frame(self.db) if template.startswith("store/") else {"user": self.user(), "menu": MENU}
        return self._store.pages.render(self.request, template, status_code=status_code, **frame, **values)

    def redirect(self, path: str) -> Response:
        return RedirectResponse(path, status_code=303)

    def back(self, default: str) -> Response:
        """To the page that the form was on, where that is one of ours."""
        try:
            referer = urlsplit(self.request.headers.get("referer", ""))
        except ValueError:
            return self.redirect(default)
        if referer.netloc != self.request.url.netloc or not referer.path.startswith("/"):
            return self.redirect(default)
        return self.redirect(referer.path + (f"?{referer.query}" if referer.query else ""))

    def not_found(self, text: str = "There is nothing at this address.") -> Response:
        return self.refusal(404, "Page not found", text)

    def refusal(self, status_code: int, title: str, text: str) -> Response:
        """A page that says what went wrong, in the frame of the place that was asked for."""
        in_office = f"{self.request.url.path}/".startswith("/admin/")
        template = "error.html" if in_office and self.user_id else "store/error.html"
        return self.page(template, status_code=status_code, title=title, text=text)

    def close(self, response: Response) -> Response:
        if self._notices or self._had_notices:
            self.db.run("update session set notices = ? where token = ?", json.dumps(self._notices), self.token)
        if self._is_new:
            response.set_cookie(self._store.instance.cookie, self.token, httponly=True, samesite="lax", path="/")
        response.headers["cache-control"] = "no-store"
        return response

"""One request to a store: who asks, what was sent, and how to answer; kept in the store's table `session`."""

import hashlib
import json
from typing import ClassVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.redirects import address_of, came_from, redirect_to
from webarena_mini.kit.sessions import set_cookie, token_of
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token, same_secret

# Of a waiting message that is a whole page.
_REFUSED = "refused"


class Visit:
    """The session behind a request; `close` stores it and sets the cookie of a new visitor.

    `who_column` of the table `session` holds the id of whoever is logged in. Waiting messages are in its `notices`.
    """

    who_column: ClassVar[str]

    def __init__(self, request: Request, form: FormData) -> None:
        self.request = request
        self.db = database_of(request)
        self.form = form
        self.token = token_of(request)
        self.session = self.db.one("select * from session where token = ?", self.token)
        self._is_new = self.session is None
        if self.session is None:
            self._start_session(None)
        self.who: int | None = self.session[self.who_column] if self.session else None
        self._notices: list[dict[str, str]] = json.loads(self.session["notices"]) if self.session else []
        self._had_notices = bool(self._notices)

    @classmethod
    def open_session(cls, db: Database, who: int | None) -> str:
        """A new session's token, which is its cookie's value; `who` None: nobody is logged in."""
        token = new_token()
        db.run(f"insert into session (token, {cls.who_column}) values (?, ?)", token, who)
        return token

    @property
    def form_key(self) -> str:
        """Proof that a form came from one of this session's own pages."""
        return hashlib.sha256(f"form:{self.token}".encode()).hexdigest()[:16]

    @property
    def form_is_ours(self) -> bool:
        return same_secret(self.field("form_key"), self.form_key)

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

    @property
    def waiting(self) -> list[dict[str, str]]:
        """Messages that no page has shown yet."""
        return [notice for notice in self._notices if notice["kind"] != _REFUSED]

    def take_notices(self) -> list[dict[str, str]]:
        """The waiting messages, which no later page shows again."""
        notices, self._notices = self._notices, []
        return notices

    def sign_in(self, who: int) -> None:
        self._renew_session(who)

    def sign_out(self) -> None:
        self._renew_session(None)

    def redirect(self, path: str) -> Response:
        return redirect_to(path)

    def came_from(self, default: str = "/") -> str:
        """The page that the form was on, where that is one of ours."""
        return came_from(self.request, default)

    def back(self, default: str = "/") -> Response:
        return self.redirect(self.came_from(default))

    def led_back_to(self, page: Response) -> Response:
        """Back to the form, as Magento answers one with mistakes; there `page`, which tells of these, is shown once."""
        address = self.came_from(address_of(self.request))
        self._notices = [{"kind": _REFUSED, "address": address, "text": bytes(page.body).decode()}]
        return self.redirect(address)

    def take_refused(self) -> Response | None:
        """What was kept of a form with mistakes, when this is its address; another page forgets it."""
        kept = next((notice for notice in self._notices if notice["kind"] == _REFUSED), None)
        if kept is None:
            return None
        self._notices = []
        return HTMLResponse(kept["text"]) if kept["address"] == address_of(self.request) else None

    def close(self, response: Response) -> Response:
        if self._notices or self._had_notices:
            self.db.run("update session set notices = ? where token = ?", json.dumps(self._notices), self.token)
        if self._is_new:
            set_cookie(self.request, response, self.token)
        response.headers["cache-control"] = "no-store"
        return response

    def _start_session(self, who: int | None) -> None:
        self.token, self._is_new = self.open_session(self.db, who), True

    def _renew_session(self, who: int | None) -> None:
        """The old token is worth nothing from here on."""
        self.db.run("delete from session where token = ?", self.token)
        self._start_session(who)
        self.who = who

"""A small web site with the log-in form, cookie and redirects of each official site, over real HTTP."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.asgi import served_app

FIELDS = {
    "shopping": """<label for=e>Email</label><input id=e name=user>
        <label for=p>Password</label><input id=p name=password type=password><button>Sign In</button>
        <label for=n>Email me the news</label><input id=n>""",
    "reddit": """<nav><a href=/login>Log in</a></nav><label for=u>Username or e-mail</label><input id=u name=user>
        <label for=p>Password</label><input id=p name=password type=password><button>Log in</button>""",
    "shopping_admin": """<input placeholder="user name" name=user>
        <input placeholder=password name=password type=password><button>Sign in</button>""",
    "gitlab": """<input data-testid=username-field name=user>
        <input data-testid=password-field name=password type=password><button data-testid=sign-in-button>Go</button>""",
    "classifieds": """<input id=email name=user><input id=password name=password type=password>
        <button>Log in</button>""",
}
LOGIN_PATH = {
    "shopping": "/customer/account/login/",
    "reddit": "/login",
    "shopping_admin": "/admin",
    "gitlab": "/users/sign_in",
    "classifieds": "/index.php?page=login",
}


@dataclass
class OfficialForms:
    """One site; `logins` counts accepted log-ins, `end_sessions` signs everybody out, `broken` answers 503.

    `hidden`: pages cannot read its cookie. `login_header` names the header that signs in with USER:PASSWORD.
    `gives_sessions`: a visitor without one gets a new one, which is signed in to nothing.
    """

    site: str
    user: str
    password: str
    cookie: str = ""
    sessions: set[str] = field(default_factory=set)
    logins: int = 0
    broken: bool = False
    hidden: bool = True
    login_header: str = ""
    gives_sessions: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.sessions.clear()
        self.cookie, self.logins, self.broken = f"{self.site}_session", 0, False
        self.hidden, self.login_header, self.gives_sessions = True, "", False
        self.asked.clear()

    def end_sessions(self) -> None:
        self.sessions.clear()

    def app(self) -> Starlette:
        login_path = LOGIN_PATH[self.site]
        account = f"/user/{quote(self.user)}/account"
        return Starlette(
            routes=[
                Route(login_path.partition("?")[0], self._form_or_private, methods=["GET"]),
                Route("/sign-in", self._sign_in, methods=["POST"]),
                Route("/", self._home),
                *(Route(path, self._ends) for path in ("/restarted", "/users/sign_out")),
                Route("/again", lambda request: RedirectResponse(login_path, 302)),
                *(Route(path, self._private) for path in ("/wishlist/", "/-/profile", "/admin/dashboard", account)),
            ]
        )

    def _signed_in(self, request: Request) -> bool:
        self.asked.append(dict(request.headers))
        by_header = self.login_header and request.headers.get(self.login_header) == f"{self.user}:{self.password}"
        return by_header or request.cookies.get(self.cookie) in self.sessions

    async def _form_or_private(self, request: Request) -> Response:
        """One address may have all pages, and tell them apart by a query."""
        return await (self._private if request.query_params.get("page") == "user" else self._form)(request)

    async def _form(self, request: Request) -> Response:
        if self.broken:
            return HTMLResponse("down", 503)
        return HTMLResponse(f"<form method=post action=/sign-in>{FIELDS[self.site]}</form>")

    async def _sign_in(self, request: Request) -> Response:
        form = await request.form()
        if (form["user"], form["password"]) != (self.user, self.password):
            return RedirectResponse(LOGIN_PATH[self.site], 303)
        self.logins += 1
        session = f"session-{self.logins}"
        self.sessions.add(session)
        response = RedirectResponse("/", 303)
        response.set_cookie(self.cookie, session, httponly=self.hidden)
        return response

    async def _ends(self, request: Request) -> Response:
        """Nobody is signed in any more, whoever has asked for it."""
        self.end_sessions()
        return HTMLResponse("<h1>Welcome</h1>")

    async def _home(self, request: Request) -> Response:
        shown = "in" if self._signed_in(request) else "out"
        response = HTMLResponse(f"<title>{self.site}</title><h1>signed {shown}</h1>")
        if self.gives_sessions and shown == "out":
            response.set_cookie(self.cookie, "visitor", httponly=self.hidden)
        return response

    async def _private(self, request: Request) -> Response:
        if self._signed_in(request):
            return HTMLResponse("<h1>Dashboard</h1><h2>My listings</h2><button>Delete account</button>")
        return RedirectResponse(LOGIN_PATH[self.site], 302)


def served(forms: OfficialForms) -> AbstractAsyncContextManager[str]:
    """Origin of the site on a free port of this machine."""
    return served_app(forms.app())

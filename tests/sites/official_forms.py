"""A small web site with the log-in form, cookie and redirects of each official site, over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

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
}
LOGIN_PATH = {
    "shopping": "/customer/account/login/",
    "reddit": "/login",
    "shopping_admin": "/admin",
    "gitlab": "/users/sign_in",
}


@dataclass
class OfficialForms:
    """One site; `logins` counts accepted log-ins, `end_sessions` signs everybody out, `broken` answers 503."""

    site: str
    user: str
    password: str
    cookie: str = ""
    sessions: set[str] = field(default_factory=set)
    logins: int = 0
    broken: bool = False

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.sessions.clear()
        self.cookie, self.logins, self.broken = f"{self.site}_session", 0, False

    def end_sessions(self) -> None:
        self.sessions.clear()

    def app(self) -> Starlette:
        login_path = LOGIN_PATH[self.site]
        account = f"/user/{quote(self.user)}/account"
        return Starlette(
            routes=[
                Route(login_path, self._form, methods=["GET"]),
                Route("/sign-in", self._sign_in, methods=["POST"]),
                Route("/", self._home),
                *(Route(path, self._private) for path in ("/wishlist/", "/-/profile", "/admin/dashboard", account)),
            ]
        )

    def _signed_in(self, request: Request) -> bool:
        return request.cookies.get(self.cookie) in self.sessions

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
        response.set_cookie(self.cookie, session)
        return response

    async def _home(self, request: Request) -> Response:
        return HTMLResponse("home")

    async def _private(self, request: Request) -> Response:
        if self._signed_in(request):
            return HTMLResponse("<h1>Dashboard</h1><button>Delete account</button>")
        return RedirectResponse(LOGIN_PATH[self.site], 302)


@asynccontextmanager
async def served(forms: OfficialForms) -> AsyncIterator[str]:
    """Origin of the site on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(forms.app(), lifespan="off", log_config=None, ws="none", http="h11")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listener.close()

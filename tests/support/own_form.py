"""A web application that no benchmark has, with two forms of the same labels on its log-in page."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

ACCOUNT = ("iris@example.com", "net-loft-44")
COOKIE = "own_session"
_FORM = """<form method=post><label for={name}-u>E-mail</label><input id={name}-u name={name}-user>
    <label for={name}-p>Password</label><input id={name}-p name={name}-password type=password>
    <button name={name}>{button}</button></form>"""
_PAGE = _FORM.format(name="login", button="Log in") + _FORM.format(name="new", button="Log in for the first time")
LOGIN = {
    "path": "/index?page=login",
    "username_field": "#login-u",
    "password_field": "#login-p",
    "button": "[name=login]",
    "proof_path": "/people/{username}",
}


async def _index(request: Request) -> Response:
    if request.query_params.get("page") != "login":
        return HTMLResponse("<h1>Everybody may read this</h1>")
    if request.method == "GET":
        return HTMLResponse(_PAGE)
    form = await request.form()
    if form.get("login-password", "").isdigit():
        return HTMLResponse("<title>Locked</title>", int(form["login-password"]))
    if (form.get("login-user"), form.get("login-password")) != ACCOUNT:
        return HTMLResponse(f"<p>No such account.</p>{_PAGE}")
    response = RedirectResponse("/index", 302)
    response.set_cookie(COOKIE, "iris")
    return response


async def _profile(request: Request) -> Response:
    if request.cookies.get(COOKIE) == "iris" and request.path_params["name"] == ACCOUNT[0]:
        return HTMLResponse("<h1>Iris</h1>")
    return RedirectResponse("/index?page=login&next=profile", 302)


async def _about(request: Request) -> Response:
    return HTMLResponse("<a>Sign out</a>" if request.cookies.get(COOKIE) else "<a>Sign in</a>")


@asynccontextmanager
async def own_application() -> AsyncIterator[str]:
    """Its address."""
    routes = [
        Route("/index", _index, methods=["GET", "POST"]),
        Route("/people/{name}", _profile),
        Route("/about", _about),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=routes), lifespan="off", log_config=None, ws="none", http="h11")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listener.close()

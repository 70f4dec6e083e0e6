"""A site whose requests are changed on their way is, apart from that, the same site."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.support.asgi import served_app
from tests.support.pages import id_of
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.relay import Head, OwnCookies
from webarena_runner.browser.session import BrowserSession
from webarena_runner.types import Click, Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
HEADERS = {"X-Key": "value"}


async def page(request: Request) -> Response:
    form = await request.form() if request.method == "POST" else {}
    body = f"<h1>{request.method} {dict(form)} {request.headers.get('x-key')} {request.cookies}</h1>"
    return HTMLResponse(
        body + "<form method=post action=/><input name=a value='1 &amp; 2'><button>Send</button></form>"
    )


async def told(request: Request) -> Response:
    return JSONResponse({"key": request.headers.get("x-key"), "length": len(await request.body())})


async def sign_in(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    response.set_cookie("sid", "own", httponly=True)
    response.set_cookie("seen", "yes")
    return response


async def sign_out(request: Request) -> Response:
    """As Django deletes a cookie: without saying that pages could not read it."""
    response = RedirectResponse("/", 303)
    response.delete_cookie("sid")
    return response


async def stream(request: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
        await asyncio.sleep(30)

    return StreamingResponse(events(), media_type="text/event-stream")


async def socket(connection: WebSocket) -> None:
    await connection.accept()
    said = await connection.receive_text()
    await connection.send_text(f"{said} {connection.headers.get('x-key')} {connection.cookies.get('sid')}")
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def app() -> AsyncIterator[str]:
    routes = [
        Route("/", page, methods=["GET", "POST"]),
        Route("/told", told, methods=["GET", "POST"]),
        Route("/in", sign_in),
        Route("/out", sign_out),
        Route("/stream", stream),
        WebSocketRoute("/socket", socket),
    ]
    async with served_app(Starlette(routes=routes), ws="websockets-sansio") as origin:
        yield origin


Episode = AbstractAsyncContextManager[EpisodeEnvironment]


def opened(session: BrowserSession, app: str, **changes: Any) -> Episode:
    """An episode on the site, whose cookies are apart from those of a neighbour."""
    urls = {"shopping": app, "reddit": "http://127.0.0.1:9"}
    apart = {"shopping": {}, "reddit": {}}
    headers = {"shopping": HEADERS}
    return session.episode(**{"urls": urls, "start_urls": [f"{app}/"], "headers": headers, "apart": apart, **changes})


async def test_forms_bodies_and_headers_arrive_as_they_are(session: BrowserSession, app: str) -> None:
    async with opened(session, app) as environment:
        seen = await environment.observe()
        assert "GET {} value" in seen.text
        after = await environment.step(Click(element_id=id_of(seen, "button 'Send'")))
        assert "{'a': '1 & 2'} value" in after.text
        ask = "(size) => fetch('/told', {method: 'POST', body: 'x'.repeat(size)}).then((reply) => reply.json())"
        assert await environment.tabs.current.page.evaluate(ask, 3_000_000) == {"key": "value", "length": 3_000_000}


async def test_a_session_is_the_sites_own_and_its_end_too(session: BrowserSession, app: str) -> None:
    state = {"cookies": [{"name": "sid", "value": "theirs", "domain": "127.0.0.1", "path": "/", "httpOnly": True}]}
    whole = [{"expires": -1, "secure": False, "sameSite": "Lax", **cookie} for cookie in state["cookies"]]
    async with opened(session, app, apart={"shopping": {}, "reddit": {"cookies": whole}}) as environment:
        assert "value {}" in (await environment.observe()).text
        signed_in = await environment.step(Goto(url=f"{app}/in"))
        assert "{'sid': 'own', 'seen': 'yes'}" in signed_in.text
        assert await environment.tabs.current.page.evaluate("document.cookie") == "seen=yes"
        signed_out = await environment.step(Goto(url=f"{app}/out"))
        assert "{'seen': 'yes'}" in signed_out.text
        kept = {cookie["name"]: cookie["value"] for cookie in await environment.tabs.context.cookies()}
    assert kept == {"seen": "yes", "sid~9": "theirs"}


async def test_sockets_and_streams_go_through(session: BrowserSession, app: str) -> None:
    async with opened(session, app) as environment:
        page = environment.tabs.current.page
        await page.goto(f"{app}/in")
        listen = """() => new Promise((done) => { const got = [], from = new EventSource('/stream');
            from.onmessage = (event) => { got.push(event.data); if (got.length == 3) { from.close(); done(got) } } })"""
        assert await page.evaluate(listen) == ["0", "1", "2"]
        talk = """() => new Promise((done) => { const socket = new WebSocket(location.origin.replace('http', 'ws')
            + '/socket'); socket.onopen = () => socket.send('hello'); socket.onmessage = (event) => done(event.data);
            socket.onerror = () => done('refused') })"""
        assert await page.evaluate(talk) == "hello value own"


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("sid~1=a; sid~2=b; seen=c", "sid=a; seen=c"),
        ("sid=raw; sid~1=a", "sid=a"),
        ("sid=raw; sid~2=b", "sid=raw"),
        ("a=1=2; b", "a=1=2; b"),
        ("sid~2=b", ""),
    ],
)
async def test_a_site_has_its_own_cookies_and_those_that_pages_read(sent: str, arrives: str) -> None:
    assert OwnCookies("~1", frozenset({"~1", "~2"})).sent(sent) == arrives


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("GET http://a.test:81/b?c=http://d HTTP/1.1", "GET /b?c=http://d HTTP/1.1"),
        ("GET http://a.test HTTP/1.1", "GET / HTTP/1.1"),
        ("GET http://a.test?q HTTP/1.1", "GET /?q HTTP/1.1"),
        ("GET /socket HTTP/1.1", "GET /socket HTTP/1.1"),
    ],
)
async def test_a_request_to_a_proxy_becomes_one_to_its_server(head: str, line: str) -> None:
    written = Head(f"{head}\r\nHost: a.test\r\nProxy-Connection: keep-alive\r\n\r\n".encode()).to_origin()
    assert written == f"{line}\r\nHost: a.test\r\nConnection: close\r\n\r\n".encode()

"""The cheap probe of a site, with a browser and without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import pytest

from tests.support.local_site import Reply, serve
from webarena_runner.interfaces import NewContext
from webarena_runner.sites.probes.findings import Finding, Level, failure_of
from webarena_runner.sites.probes.quick import probe_site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
SIGN_IN = '<title>Sign in</title><input data-testid="username-field">'
SHOP = '<title>Shop</title><form action="/catalogsearch/result/"><input name=q></form>'
How = Literal["browser", "plain"]


@pytest.fixture(params=["browser", "plain"])
def how(request: pytest.FixtureRequest, new_context: NewContext) -> NewContext | None:
    return new_context if request.param == "browser" else None


def told(findings: list[Finding] | tuple[Finding, ...]) -> dict[str, Level]:
    return {finding.check: finding.level for finding in findings}


async def test_a_site_that_is_what_it_should_be(how: NewContext | None) -> None:
    with serve() as site:
        site.page("/", "", status=302, headers={"Location": "/users/sign_in"})
        site.page("/users/sign_in", SIGN_IN)
        findings = await probe_site("gitlab", site.url, limit_s=5, new_context=how)
    assert told(list(findings)) == {"page": Level.OK, "application": Level.OK, "log-in page": Level.OK}
    assert failure_of(findings) == ""


@pytest.mark.parametrize(("status", "well"), [(404, True), (200, True), (503, False)])
async def test_another_application_has_no_official_log_in_page(how: NewContext | None, status: int, well: bool) -> None:
    with serve() as site:
        site.page("/", "<title>Vexmoor Notes</title>")
        site.page("/users/sign_in", "Sign in", status=status)
        findings = await probe_site("gitlab", site.url, limit_s=5, new_context=how)
    assert told(list(findings))["application"] is Level.WARNING
    assert "under login.gitlab in the sites file" in findings[1].remedy
    assert (failure_of(findings) == "") is well


@pytest.mark.parametrize(
    ("shown", "check", "remedy"),
    [
        (Reply(SHOP), "application", "in the sites file); this address is that of shopping"),
        (Reply("<title>Welcome to nginx!</title>"), "application", "correct host and port"),
        (Reply("<title>502</title>", status=502), "page", "restart or recreate its container"),
        (Reply("Not found", status=404), "page", "give the address of the application's own start page"),
        (Reply("Slow down", status=429), "rate limit", "switch its rate limit off"),
        (Reply(status=302, headers={"Location": "/"}), "page", "loops"),
        (Reply(status=302, headers={"Location": "http://outside.test:8023/"}), "base URL", "gitlab-ctl reconfigure"),
        (Reply(SIGN_IN, after_s=3), "page", "hung"),
    ],
    ids=["wrong application", "no application", "502", "404", "429", "loop", "elsewhere", "late"],
)
async def test_what_is_wrong_is_named_with_its_remedy(
    shown: Reply, check: str, remedy: str, how: NewContext | None
) -> None:
    with serve() as site:
        site.route("/", lambda: shown)
        findings = await probe_site("gitlab", site.url, limit_s=1, new_context=how)
    (failure,) = (finding for finding in findings if finding.level is Level.FAIL)
    assert (failure.site, failure.check) == ("gitlab", check)
    assert remedy in failure.remedy
    assert failure.found in failure_of(findings)


async def test_another_address_is_never_asked(how: NewContext | None) -> None:
    with serve() as site, serve() as other:
        other.page("/", SHOP)
        site.page("/", "", status=302, headers={"Location": f"{other.url}/"})
        findings = await probe_site("shopping", site.url, limit_s=5, new_context=how)
        assert other.asked == []
    (failure,) = findings
    assert failure.found == f"{site.url} leads to another host: {other.url}"
    assert f"export SHOPPING={other.url}" in failure.remedy
    assert f'setup:store-config:set --base-url="{site.url}"' in failure.remedy


@asynccontextmanager
async def dripping(head: bytes) -> AsyncIterator[str]:
    """A server that never ends its answers; with an empty `head` it never begins them."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(head)
            while head:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
            await reader.read()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n", "begins and does not end"),
        (b"", "no answer within 0.5 s"),
    ],
    ids=["drip", "half-open"],
)
async def test_a_server_that_does_not_end_is_left_at_the_limit(head: bytes, found: str, how: NewContext | None) -> None:
    async with dripping(head) as url:
        async with asyncio.timeout(10):
            findings = await probe_site("reddit", url, limit_s=0.5, new_context=how)
    assert found in failure_of(findings)


async def test_what_only_the_browser_can_tell(new_context: NewContext) -> None:
    findings = await probe_site("map", "http://127.0.0.1:6000", limit_s=5, new_context=new_context)
    assert "publish it on another port than 6000" in failure_of(findings)


async def test_a_log_in_page_that_fails_is_told_although_the_start_page_is_there(how: NewContext | None) -> None:
    with serve() as site:
        site.page("/", SHOP)
        site.page("/customer/account/login/", "<h1>Not yet</h1>", status=503)
        findings = await probe_site("shopping", site.url, limit_s=5, new_context=how)
    assert told(list(findings)) == {"page": Level.OK, "application": Level.OK, "log-in page": Level.FAIL}

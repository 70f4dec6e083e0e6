"""Pages that are none of the sites': blocked, the end of the episode, or allowed where they are public."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import Start
from tests.support.local_site import Site, serve
from tests.support.pages import id_of
from webarena_runner.browser.outside import NotPublic, Streams, dial
from webarena_runner.browser.session import BrowserSession
from webarena_runner.official.public import is_public
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click, Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ASK = "(url) => fetch(url).then((reply) => reply.text(), () => 'no answer')"


@pytest.fixture
def public() -> list[str]:
    """The internet of these tests: the URL of the server that stands for all public hosts, where there is one."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def open_session(public: list[str]) -> AsyncIterator[BrowserSession]:
    async def connect(host: str, port: int) -> Streams:
        if host.endswith(".test") and public:
            return await asyncio.open_connection("127.0.0.1", int(public[0].rpartition(":")[2]))
        return await dial(host, port)

    settings = BrowserSettings(offsite="allow")
    async with BrowserSession(settings, ObservationSettings(), SettleSettings(), connect=connect) as session:
        yield session


@pytest.mark.parametrize("away", ["http://outside.test/page", "https://outside.test/page"])
async def test_the_agent_reads_that_a_page_was_not_opened(away: str, site: Site, start: Start) -> None:
    async with start(site.page("/", f"<a href={away}>Away</a>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Away'")))
        later = await environment.observe()
    assert "This address is not one of the sites of this task." in after.text
    assert f"not opened, since not an address of this task's sites ({site.url[7:]}): {away}" in after.action_error
    assert after.left_to == (away,)
    assert (later.left_to, later.action_error) == ((), "")


async def test_a_window_that_leads_away_is_told(site: Site, start: Start) -> None:
    async with start(site.page("/", "<a href=http://outside.test/ target=_blank>Away</a>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Away'")))
    assert after.left_to == ("http://outside.test/",)
    assert environment.url == f"{site.url}/"


async def test_what_a_page_only_embeds_is_no_departure(site: Site, start: Start) -> None:
    embedding = site.page("/", "<iframe src=http://outside.test/></iframe><img src=http://outside.test/1.png>")
    async with start(site.page("/start", "<p>Here</p>")) as environment:
        after = await environment.step(Goto(url=embedding))
    assert (after.left_to, after.action_error) == ((), "")


async def test_a_goto_away_is_a_departure_that_is_told_once(site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Here</p>")) as environment:
        after = await environment.step(Goto(url="http://outside.test/"))
        nowhere = await environment.step(Goto(url="file:///etc/passwd"))
    assert after.left_to == ("http://outside.test/",)
    assert after.action_error.count("outside.test") == 1
    assert (nowhere.left_to, "is not an address" in nowhere.action_error) == ((), True)


async def test_allowed_hosts_are_reached_and_counted(
    site: Site, open_session: BrowserSession, public: list[str]
) -> None:
    blocked: dict[str, int] = {}
    visited: dict[str, int] = {}
    with serve() as outside:
        public.append(outside.url)
        outside.page("/page", "<h1>Outside</h1>")
        outside.page("/text", "words", headers={"Access-Control-Allow-Origin": "*"})
        async with open_session.episode(
            urls={"shopping": site.url},
            start_urls=[site.page("/", "<a href=http://outside.test/page>Away</a>")],
            blocked=blocked,
            visited=visited,
        ) as environment:
            page = environment.tabs.current.page
            assert await page.evaluate(ASK, "http://outside.test:8080/text") == "words"
            after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Away'")))
            assert "heading 'Outside'" in after.text
            back = await environment.step(Goto(url=f"{site.url}/"))
        assert outside.asked == ["/text", "/page"]
    assert (after.left_to, after.action_error, back.left_to) == (("http://outside.test/page",), "", ())
    assert visited == {"outside.test:8080": 1, "outside.test:80": 1}
    assert blocked == {}


async def test_allowed_is_never_this_machine_or_a_private_net(site: Site, open_session: BrowserSession) -> None:
    blocked: dict[str, int] = {}
    visited: dict[str, int] = {}
    with serve() as other:
        other.page("/", "secret", headers={"Access-Control-Allow-Origin": "*"})
        port = other.url.rpartition(":")[2]
        names = ["127.0.0.1", "localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "2130706433"]
        async with open_session.episode(
            urls={"shopping": site.url},
            start_urls=[site.page("/", "<p>Here</p>")],
            blocked=blocked,
            visited=visited,
        ) as environment:
            page = environment.tabs.current.page
            for name in names:
                assert await page.evaluate(ASK, f"http://{name}:{port}/") == "no answer"
            after = await environment.step(Goto(url=other.url))
            assert "This address is not one of the sites" in after.text
        assert other.asked == []
    assert sum(blocked.values()) == len(names) + 1
    assert visited == {}


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
async def test_an_address_is_public_whatever_it_is_wrapped_in(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_a_name_of_this_machine_is_not_dialled() -> None:
    with serve() as other, pytest.raises(NotPublic, match="no public address"):
        await dial("localhost", int(other.url.rpartition(":")[2]))
    assert other.asked == []

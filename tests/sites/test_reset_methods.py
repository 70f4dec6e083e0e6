"""Each way to reset sites, against a server or a command that does what such ones do."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_site import Reply, Site, serve
from tests.support.reset_server import ONGOING, ResetServer, reset_server
from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.settings.options import plug_in_options
from webarena_runner.sites.instances import Resetter
from webarena_runner.sites.resets.methods import resetter_of
from webarena_runner.sites.resets.options import ResetOptions
from webarena_runner.sites.resets.reset_server import ServerReset

URLS = {"shopping": "http://127.0.0.1:7770", "gitlab": "http://127.0.0.1:8023", "wikipedia": "http://127.0.0.1:8888"}


def options(**keys: Any) -> ResetOptions:
    return plug_in_options(ResetOptions, keys, {"": "lab.yaml"})


def made(environ: dict[str, str] | None = None, urls: dict[str, str] = URLS, **keys: Any) -> Resetter:
    return resetter_of(options(**keys), urls, name="lab", environ={"PATH": os.environ["PATH"], **(environ or {})})


@pytest.fixture
def server() -> Iterator[ResetServer]:
    with reset_server() as found:
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as found:
        yield found


def of_server(server: ResetServer, limit_s: float = 10) -> ServerReset:
    return ServerReset(server.url, frozenset(URLS), limit_s=limit_s, poll_s=0.01)


async def test_the_reset_server_is_asked_until_it_is_ready(server: ResetServer) -> None:
    await of_server(server).reset(["gitlab"])
    assert server.site.asked == ["/reset", "/status", "/status", "/status"]


async def test_a_reset_that_is_going_on_is_waited_for(server: ResetServer) -> None:
    server.going_on = True
    await of_server(server).reset(["gitlab"])
    assert (server.resets, server.site.asked[-1]) == (1, "/status")


async def test_a_failed_reset_is_told_with_what_the_server_says(server: ResetServer) -> None:
    server.statuses = [ONGOING, Reply("Error executing reset script:<p>exit status 125</p>", status=500)]
    with pytest.raises(SiteError, match="the reset failed: 500 .*exit status 125"):
        await of_server(server).reset(["gitlab"])


async def test_a_reset_that_does_not_end_is_told_after_the_limit(server: ResetServer) -> None:
    server.statuses = [ONGOING]
    with pytest.raises(SiteError, match=r"the reset has not ended within 0\.3 s"):
        await of_server(server, limit_s=0.3).reset(["gitlab"])


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply("Ready for duty"), "/status gives 200 'Ready for duty'"),
        (Reply("<title>Welcome</title>"), "/status gives 200 '<title>Welcome</title>'"),
        (Reply("Endpoint not found", status=404), "/status gives 404 'Endpoint not found'"),
        (Reply("", status=204), "/status gives 204 without a text"),
    ],
    ids=["nearly", "another page", "404", "204"],
)
async def test_any_other_status_is_told_as_it_came(server: ResetServer, reply: Reply, told: str) -> None:
    server.statuses = [reply]
    with pytest.raises(SiteError) as caught:
        await of_server(server).reset(["gitlab"])
    assert told in str(caught.value)
    assert "is another kind of server there?" in str(caught.value)


async def test_another_server_in_place_of_the_reset_server_is_told(site: Site) -> None:
    with pytest.raises(SiteError, match=r"GET .*/reset gives 404 'not here'; the reset server .* answers 200"):
        await made(method="server", url=site.url).reset(["gitlab"])


async def test_a_reset_server_that_is_not_there_is_told() -> None:
    with serve() as gone:
        url = gone.url
    with pytest.raises(SiteError, match="no answer"):
        await made(method="server", url=url).reset(["gitlab"])


async def test_a_status_that_breaks_off_once_is_asked_again(server: ResetServer) -> None:
    replies = iter([Reply("", headers={"Content-Length": "999"}), Reply("Ready for duty!")])
    server.site.route("/status", lambda: next(replies))
    await of_server(server).reset(["gitlab"])


async def test_the_classifieds_site_gets_the_published_token_or_that_of_a_variable(site: Site) -> None:
    site.page("/index.php?page=reset", "done")
    urls = {"classifieds": site.url}
    await made(urls=urls, method="classifieds").reset(["classifieds"])
    await made({"MY_TOKEN": "s3"}, urls, method="classifieds", token_env="MY_TOKEN").reset(["classifieds"])
    assert site.bodies == [b"token=4b61655535e7ed388f0d40a93600254c", b"token=s3"]


async def test_a_classifieds_site_that_refuses_is_told_without_the_token(site: Site) -> None:
    site.page("/index.php?page=reset", "wrong token", status=403)
    resetter = made({"MY_TOKEN": "s3cret"}, {"classifieds": site.url}, method="classifieds", token_env="MY_TOKEN")
    with pytest.raises(SiteError, match="gives 403 'wrong token'") as caught:
        await resetter.reset(["classifieds"])
    assert "s3cret" not in str(caught.value)


async def test_a_served_copy_that_refuses_the_token_is_told_without_it(site: Site) -> None:
    site.page("/__reset__", '{"error": "wrong token"}', status=401)
    resetter = made({"WA_RESET_TOKEN": "s3cret"}, method="embedded", url=f"{site.url}/__reset__")
    with pytest.raises(SiteError, match="gives 401") as caught:
        await resetter.reset(["gitlab"])
    assert "s3cret" not in str(caught.value)


async def test_a_command_runs_once_for_each_site_and_knows_which(tmp_path: Path) -> None:
    written = tmp_path / "seen"
    resetter = made(method="command", command=f'echo "$WA_INSTANCE $WA_SITE $SHOPPING $WA_GITLAB" >> {written}')
    await resetter.reset(["shopping", "gitlab"])
    urls = f"{URLS['shopping']} {URLS['gitlab']}"
    assert written.read_text().splitlines() == [f"lab shopping {urls}", f"lab gitlab {urls}"]


async def test_a_command_for_all_sites_runs_once(tmp_path: Path) -> None:
    written = tmp_path / "seen"
    resetter = made(method="command", command=f'echo "[$WA_SITE]" >> {written}', whole=True)
    assert resetter.whole
    await resetter.reset(["shopping", "gitlab"])
    assert written.read_text().splitlines() == ["[]"]


async def test_a_command_that_fails_is_told_with_the_end_of_its_stderr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    resetter = made(method="command", command="echo pulling; echo no such image >&2; exit 125")
    with pytest.raises(SiteError, match=r"(?s)ended with code 125; the end of its output:.*no such image"):
        await resetter.reset(["shopping"])
    assert caplog.messages == ["reset command stdout: pulling", "reset command stderr: no such image"]


async def test_what_a_command_shows_of_passwords_in_its_environment_is_told_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    given = {"LAB_PASSWORD": "correct horse", "PWD": "/srv/lab"}
    resetter = made(given, method="command", command='echo "in /srv/lab with $LAB_PASSWORD"; exit 1')
    with pytest.raises(SiteError, match=r"in /srv/lab with \$LAB_PASSWORD") as told:
        await resetter.reset(["gitlab"])
    assert "correct horse" not in str(told.value) + caplog.text


async def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    # The child hears no SIGTERM, and has its own output.
    child = f"trap '' TERM; echo $$ > {pid}; while true; do sleep 0.05; done"
    resetter = made(method="command", command=f'sh -c "{child.replace("$", chr(92) + "$")}" & wait', limit_s=0.5)
    with pytest.raises(SiteError, match=r"did not end within 0\.5 s, and was ended with all that it had started"):
        await resetter.reset(["shopping"])
    await gone(int(pid.read_text()))


async def test_a_command_is_ended_with_its_children_when_the_run_is_interrupted(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    resetter = made(method="command", command=f"sleep 60 & echo $! > {pid}; wait")
    running = asyncio.create_task(resetter.reset(["shopping"]))
    await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await gone(int(pid.read_text()))


async def test_what_a_command_leaves_running_goes_on_and_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    resetter = made(method="command", command=f"sleep 60 & echo $! > {pid}")
    async with asyncio.timeout(20):
        await resetter.reset(["shopping"])
    os.kill(int(pid.read_text()), signal.SIGKILL)


async def gone(pid: int) -> None:
    """Until no such process is left, or only a dead one that nobody has collected."""
    stat = Path(f"/proc/{pid}/stat")
    await until(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"method": "server"}, "method server needs 'url'"),
        ({"method": "command"}, "method command needs 'command'"),
        ({"method": "embedded"}, "method embedded needs 'url'"),
        ({"method": "classifieds", "command": "true"}, "method classifieds has no 'command', which is of command"),
        (
            {"method": "server", "url": "x", "token_env": "T"},
            "has no 'token_env', which is of classifieds and embedded",
        ),
        ({"method": "env-ctrl"}, "starts, stops and configures a site, and does not reset its data"),
        ({"method": "command", "command": "true", "sites": ["shoping"]}, "unknown site 'shoping'"),
        ({"method": "container", "when": "daily"}, "expected never, before-run, per-task, after-write or every:N"),
        ({"method": "container", "when": "every:0"}, "expected never, before-run"),
        ({"method": "docker"}, "expected 'server', 'classifieds', 'command', 'embedded' or 'container'"),
    ],
    ids=lambda value: str(value.get("method")) if isinstance(value, dict) else "",
)
def test_options_that_do_not_fit_are_told(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options(**keys)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"method": "embedded", "url": "http://127.0.0.1:1/__reset__"},
            "variable WA_RESET_TOKEN, which holds the token",
        ),
        ({"method": "classifieds"}, "the instance has no URL of it"),
        ({"method": "command", "command": "true", "sites": ["reddit"]}, "the instance has no URL of reddit"),
        ({"method": "container"}, "is for the provider docker"),
    ],
    ids=["token", "classifieds", "site", "container"],
)
def test_what_an_instance_cannot_be_reset_with_is_told_before_the_run(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(**keys)
    assert told in str(caught.value)


def test_a_command_resets_what_tasks_can_change_unless_it_says_otherwise() -> None:
    assert made(method="command", command="true").sites == {"shopping", "gitlab"}
    assert made(method="command", command="true", sites=["gitlab"]).sites == {"gitlab"}
    assert made(method="server", url="http://127.0.0.1:7565").sites == set(URLS)

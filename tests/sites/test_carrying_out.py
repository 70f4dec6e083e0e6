"""A reset as a whole: tried twice, timed, and not done before the sites answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.local_site import Reply, Site, serve
from webarena_runner.errors import SiteError
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.login_options import LoginOptions
from webarena_runner.sites.resets import carrying_out
from webarena_runner.sites.resets.carrying_out import affected, carry_out, told
from webarena_runner.sites.resets.command import CommandReset


class Written:
    """A way to reset that fails as it is told."""

    limit_s = 0.3

    def __init__(self, *faults: str, whole: bool = False, sites: Sequence[str] = ("shopping", "map")) -> None:
        self.whole = whole
        self.sites = frozenset(sites)
        self.asked: list[list[str]] = []
        self._faults = list(faults)

    async def reset(self, sites: Sequence[str]) -> None:
        self.asked.append(list(sites))
        if self._faults:
            raise SiteError(self._faults.pop(0))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("TRY_AGAIN_AFTER_S", "CHECK_EVERY_S"):
        monkeypatch.setattr(carrying_out, name, 0.01)
    with serve() as found:
        found.page("", "<p>Here")
        found.page("/", "<p>Here")
        found.page("/customer/account/login/", "<form>")
        yield found


def instance(site: Site, resetter: Written | CommandReset) -> Instance:
    return Instance("2", {"shopping": site.url, "map": site.url}, resetter=resetter)


async def test_a_reset_that_fails_once_is_tried_again(site: Site) -> None:
    resetter = Written("busy")
    done = await carry_out(instance(site, resetter), ["shopping"], "before the run")
    assert (done.error, done.tries, done.sites, done.why) == ("", 2, ("shopping",), "before the run")
    assert resetter.asked == [["shopping"]] * 2
    assert "shopping of instance 2 reset in" in told(done)


async def test_one_that_fails_twice_is_told_with_the_last_reason(site: Site) -> None:
    done = await carry_out(instance(site, Written("busy", "disk full")), ["shopping"], "a write")
    assert (done.error, done.tries) == ("disk full", 2)
    assert "shopping of instance 2 could not be reset in 2 tries" in told(done)


async def test_it_is_done_when_the_sites_answer(site: Site) -> None:
    starting = [Reply("starting", status=502), Reply("starting", status=503)]
    site.route("/", lambda: starting.pop(0) if starting else Reply("here"))
    done = await carry_out(instance(site, Written()), ["map"], "a write")
    assert (done.error, done.tries, starting) == ("", 1, [])


async def test_a_site_that_does_not_come_back_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying_out, "CHECK_LIMIT_S", 0.3)
    site.page("/", "<p>Broken", status=500)
    done = await carry_out(instance(site, Written()), ["map"], "a write")
    assert done.tries == 2
    assert f"the sites did not answer within 0.3 s: map: {site.url} answers with status 500" in done.error


async def test_a_command_really_resets_what_the_site_shows(site: Site, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("written to")
    site.route("/", lambda: Reply("", status=200 if (tmp_path / "page").read_text() == "first\n" else 500))
    command = CommandReset(f"echo first > {tmp_path}/page", frozenset({"map"}), whole=False, environ={}, limit_s=5)
    assert (await carry_out(instance(site, command), ["map"], "a write")).error == ""


async def test_an_application_of_ones_own_answers_with_its_own_log_in_page(site: Site) -> None:
    form = LoginOptions(
        path="/sign-in", username_field="#u", password_field="#p", button="button", proof_path="/me"
    ).form
    own = replace(instance(site, Written()), logins={"shopping": form})
    site.page("/customer/account/login/", "no such page", status=500)
    starting = [Reply("starting", status=503)]
    site.route("/sign-in", lambda: starting.pop(0) if starting else Reply("<form>"))
    assert (await carry_out(own, ["shopping"], "a write")).error == ""
    assert starting == []


def test_what_a_reset_puts_back(site: Site) -> None:
    assert affected(instance(site, Written()), ["map"]) == ["map"]
    assert affected(instance(site, Written(whole=True)), ["map"]) == ["shopping", "map"]
    assert affected(instance(site, Written(whole=True, sites=["shopping"])), ["map"]) == []

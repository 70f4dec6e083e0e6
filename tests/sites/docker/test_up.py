"""`wa-run sites up` in front of a stand-in for the engine, whose containers are web servers on the loopback."""

import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.engine.stand_in import StandIn, standing_in
from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.sites.docker.engine import find_engine
from webarena_runner.sites.docker.lift import bring_up
from webarena_runner.sites.docker.options import DockerOptions, places_of
from webarena_runner.sites.docker.placing import Place, place
from webarena_runner.sites.docker.setup import setup_of

SHOP, ADMIN, FORUM, GITLAB = "wa-shopping-1", "wa-shopping_admin-1", "wa-reddit-1", "wa-gitlab-1"
STATEFUL = ("shopping", "shopping_admin", "reddit", "gitlab")
VERIFIED = "webarena-verified"


class Told:
    """What was said and warned."""

    def __init__(self) -> None:
        self.said: dict[str, list[str]] = {}
        self.warnings: list[str] = []

    def say(self, name: str, state: str) -> None:
        self.said.setdefault(name, []).append(state)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


async def up(told: Told | None = None, **options: Any) -> tuple[Place, ...]:
    given = DockerOptions.model_validate(options)
    return await bring_up(find_engine(given.engine, os.environ), given, watch=told or Told())


def commands(engine: StandIn, verb: str) -> list[str]:
    return [" ".join(words[1:]) for words in engine.calls(verb)]


def page(url: str) -> int:
    return httpx.get(url, trust_env=False).status_code


@pytest.mark.long
async def test_the_official_sites_come_up_and_show_their_pages_at_the_addresses_they_were_told(
    engine: StandIn, base: int
) -> None:
    told = Told()
    places = await up(told, only=STATEFUL, port_base=base)
    assert [page(place.url) for place in places] == [200] * 4
    assert engine.names == sorted([SHOP, ADMIN, FORUM, GITLAB])
    assert {name: states[-1] for name, states in told.said.items()} == dict.fromkeys(engine.names, "up")
    assert told.warnings == []


async def test_the_shop_is_set_up_by_the_published_steps_and_its_database_password_is_on_no_command_line(
    engine: StandIn, base: int
) -> None:
    (shop,) = await up(only=["shopping"], port_base=base)
    magento = "/var/www/magento2/bin/magento"
    assert [line for line in commands(engine, "exec") if "tee" not in line] == [
        f"{SHOP} {magento} setup:store-config:set --base-url={shop.root}",
        f"--interactive --env MYSQL_PWD {SHOP} mysql --user magentouser magentodb",
        f"{SHOP} {magento} cache:flush",
    ]
    (sql,) = [call for call in engine.records() if "mysql" in call["words"]]
    assert sql["environ"]["MYSQL_PWD"] == "MyPassword"
    update = f'UPDATE core_config_data SET value = "{shop.root}/" WHERE path = "web/secure/base_url";'
    assert sql["stdin"] == update
    assert "MyPassword" not in str(engine.calls())


@pytest.mark.long
async def test_gitlab_is_told_its_address_and_listens_on_the_port_that_is_published(engine: StandIn, base: int) -> None:
    (gitlab,) = await up(only=["gitlab"], port_base=base)
    told = commands(engine, "exec")
    assert f"external_url '{gitlab.root}'" in told[0]
    assert "$a nginx['listen_port'] = 8023" in told[0]
    assert f"{GITLAB} gitlab-ctl reconfigure" in told
    assert [f"127.0.0.1:{gitlab.port}:8023"] == [words[words.index("--publish") + 1] for words in engine.calls("run")]


def test_on_the_published_port_gitlabs_own_settings_are_left_alone() -> None:
    (gitlab,) = place(["gitlab"], family="official", replicas=1, port_base=None, host="localhost", bind="127.0.0.1")
    assert [" ".join(step.arguments) for step in setup_of(gitlab) if hasattr(step, "arguments")][0] == (
        f"exec {GITLAB} sed -i -e s|^external_url.*|external_url 'http://localhost:8023'| /etc/gitlab/gitlab.rb"
    )


async def test_the_forums_rate_limits_are_taken_out_and_looked_for_afterwards(engine: StandIn, base: int) -> None:
    await up(only=["reddit"], port_base=base)
    sed, clear, grep, _ = engine.calls("exec")
    files = [f"/var/www/html/src/DataObject/{name}Data.php" for name in ("Comment", "Submission", "User")]
    assert (sed[-3:], grep[-3:]) == (files, files)
    assert clear == ["exec", "--workdir", "/var/www/html", FORUM, "php", "bin/console", "cache:clear", "--env=prod"]


@pytest.mark.long
async def test_a_rate_limit_that_stays_is_warned_of(engine: StandIn, base: int) -> None:
    engine.fault(calls={"exec .*grep": {"err": "grep: /var/www/html/src: No such file or directory", "code": 2}})
    told = Told()
    await up(told, only=["reddit"], port_base=base)
    (warning,) = told.warnings
    assert warning.startswith(f"{FORUM}: the forum's rate limits may still hold (grep: ")


def test_what_the_rate_limit_expressions_leave_of_a_file(tmp_path: Path) -> None:
    (forum,) = place(["reddit"], family="official", replicas=1, port_base=None, host="localhost", bind="127.0.0.1")
    sed = setup_of(forum)[0]
    data = tmp_path / "SubmissionData.php"
    data.write_text(
        'use App\\Validator\\RateLimit;\n/**\n * @RateLimit(period="5 minutes", max=15, groups={"create"})\n'
        ' * @RateLimit(period="1 hour", max=3,\n *     groups={"untrusted"},\n *     entityClass=Submission::class)\n'
        " * @Assert\\NotBlank()\n */\nclass SubmissionData {}\n"
    )
    words = [word for word in sed.arguments[2:] if not word.endswith("Data.php")]  # type: ignore[union-attr]
    subprocess.run([*words, str(data)], check=True)
    assert data.read_text() == (
        "use App\\Validator\\RateLimit;\n/**\n * @Assert\\NotBlank()\n */\nclass SubmissionData {}\n"
    )


@pytest.mark.long
async def test_the_optimised_images_are_told_by_their_control_server(engine: StandIn, base: int) -> None:
    shop, admin, forum = await _by_name(
        up(only=["shopping", "shopping_admin", "reddit"], family=VERIFIED, port_base=base)
    )
    runs = {words[words.index("--name") + 1]: words for words in engine.calls("run")}
    assert f"WA_ENV_CTRL_EXTERNAL_SITE_URL={shop.root}/" in runs[SHOP]
    assert f"127.0.0.1:{shop.control_port}:8877" in runs[SHOP]
    assert runs[ADMIN][-1] == "am1n3e/webarena-verified-shopping_admin"
    # Nothing but the note that the setup is done.
    assert {words[-2] for words in engine.calls("exec")} == {"tee"}
    assert page(admin.url) == page(forum.url) == 200


async def _by_name(lifting: Any) -> list[Place]:
    return sorted(await lifting, key=lambda each: ("shopping", "shopping_admin", "reddit", "gitlab").index(each.site))


@pytest.mark.long
async def test_replicas_have_containers_and_ports_of_their_own_and_share_what_nothing_changes(
    engine: StandIn, base: int, tmp_path: Path
) -> None:
    (tmp_path / "wikipedia").mkdir()
    (tmp_path / "wikipedia" / "wikipedia_en_all_maxi_2022-05.zim").write_bytes(b"zim")
    places = await up(only=["reddit", "wikipedia"], replicas=3, port_base=base, data=str(tmp_path))
    assert engine.names == ["wa-reddit-1", "wa-reddit-2", "wa-reddit-3", "wa-wikipedia-1"]
    assert len({place.port for place in places}) == 4
    wiki = next(place for place in places if place.site == "wikipedia")
    assert wiki.replicas == (1, 2, 3)
    assert wiki.url.endswith("/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing")


async def test_up_again_keeps_what_is_up_and_starts_what_has_ended(engine: StandIn, base: int) -> None:
    await up(only=["shopping", "reddit"], port_base=base)
    before = engine.container(SHOP)
    engine.kill(FORUM)
    count = len(engine.calls("exec"))
    await up(only=["shopping", "reddit"], port_base=base)
    assert engine.container(SHOP) == before
    assert commands(engine, "start") == [FORUM]
    assert len(engine.calls("run")) == 2
    assert [words[-2:] for words in engine.calls("exec")[count:]] == [["cat", "/var/tmp/webarena-runner-url"]] * 2


@pytest.mark.long
async def test_a_setup_that_broke_off_is_done_again(engine: StandIn, base: int) -> None:
    engine.fault(calls={"cache:flush": {"err": "SQLSTATE[HY000] [2002] Connection refused"}})
    with pytest.raises(SiteError, match=r"could not wa-shopping-1: flush the cache.*SQLSTATE\[HY000\]"):
        await up(only=["shopping"], port_base=base)
    engine.fault()
    (shop,) = await up(only=["shopping"], port_base=base)
    assert page(shop.url) == 200
    assert len(engine.calls("run")) == 1


async def test_one_site_that_does_not_come_up_leaves_the_others_up_and_says_how_to_go_on(
    engine: StandIn, base: int
) -> None:
    engine.fault(sites={"shopping": {"dies": "Fatal: InnoDB cannot allocate memory"}})
    with pytest.raises(SiteError) as caught:
        await up(only=["shopping", "reddit"], port_base=base)
    told = str(caught.value)
    assert "1 of 2 containers did not come up" in told
    assert "wa-shopping-1 has ended with code 1" in told
    assert "InnoDB cannot allocate memory" in told
    assert "1 of 2 are up and stay so; the same command goes on with the others" in told
    assert page(f"http://localhost:{base}") == 200


@pytest.mark.long
async def test_a_slow_start_is_waited_for(engine: StandIn, base: int) -> None:
    engine.fault(sites={"reddit": {"starts_after_s": 0.3}})
    told = Told()
    (forum,) = await up(told, only=["reddit"], port_base=base)
    assert page(forum.url) == 200
    assert any(state.startswith("waiting until it answers") for state in told.said[FORUM])


@pytest.mark.long
async def test_gitlab_that_does_not_come_up_is_freed_of_a_stale_process_id_once(engine: StandIn, base: int) -> None:
    engine.fault(sites={"gitlab": {"refuses_until_restarted": True}})
    (gitlab,) = await up(only=["gitlab"], port_base=base, limits_s={"gitlab": 2})
    assert page(gitlab.url) == 200
    told = commands(engine, "exec")
    assert "pgrep -x postgres >/dev/null || rm -f /var/opt/gitlab/postgresql/data/postmaster.pid" in told[0]
    assert told[1] == f"{GITLAB} gitlab-ctl restart"


@pytest.mark.long
async def test_another_application_at_the_port_is_no_site(engine: StandIn, base: int) -> None:
    engine.fault(sites={"reddit": {"shows": "<title>Welcome to nginx!</title>"}})
    with pytest.raises(SiteError, match="shows no page of Postmill; see its log with wa-run sites logs wa-reddit-1"):
        await up(only=["reddit"], port_base=base, limits_s={"reddit": 3})


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"down": True}, "the engine does not answer: start it"),
        (
            {"calls": {"^run ": {"err": "docker: Error response from daemon: driver failed programming external "
             "connectivity on endpoint wa-reddit-1 (0f3a): Bind for 127.0.0.1:9999 failed: port is already allocated",
             "code": 125}}},
            "another program has the port",
        ),
        (
            {"calls": {"^run ": {"err": "docker: failed to register layer: write /var/lib/x: no space left on device",
             "code": 125}}},
            "the engine's disk is full",
        ),
        (
            {"calls": {"^ps ": {"err": "permission denied while trying to connect to the Docker daemon socket at "
             "unix:///var/run/docker.sock"}}},
            "add it to the group docker",
        ),
    ],
    ids=["daemon", "port", "space", "permission"],
)  # fmt: skip
async def test_what_the_engine_lacks_is_told_with_what_to_do(
    engine: StandIn, base: int, faults: dict[str, Any], told: str
) -> None:
    engine.fault(**faults)
    with pytest.raises(ConfigError, match=told):
        await up(only=["reddit"], port_base=base)


async def test_a_taken_port_is_told_before_anything_is_started(engine: StandIn) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        base = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"taken by another program: {base} \(wa-reddit-1\)"):
            await up(only=["reddit", "shopping"], port_base=base)
    assert engine.names == []


async def test_a_foreign_container_of_our_name_is_named_and_left_alone(engine: StandIn, base: int) -> None:
    engine.write("container-wa-reddit-1", {"name": FORUM, "labels": {}, "pid": 0, "ports": []})
    with pytest.raises(ConfigError, match="wa-reddit-1 that this runner did not make; rename or remove it"):
        await up(only=["reddit"], port_base=base)
    assert {words[0] for words in engine.calls()} == {"ps", "container"}


@pytest.mark.long
async def test_a_container_made_with_other_options_is_told(engine: StandIn, base: int) -> None:
    await up(only=["reddit"], port_base=base)
    with pytest.raises(ConfigError, match="made with other options: family is official, wanted webarena-verified"):
        await up(only=["reddit"], port_base=base, family=VERIFIED)


@pytest.mark.long
async def test_an_image_that_is_published_as_a_file_is_loaded_or_asked_for(
    engine: StandIn, base: int, tmp_path: Path
) -> None:
    engine.write("images", {})
    with pytest.raises(ConfigError, match=r"postmill-populated-exposed-withimg is not there.*metis.*--download"):
        await up(only=["reddit"], port_base=base, data=str(tmp_path))
    (tmp_path / "postmill-populated-exposed-withimg.tar").write_bytes(b"tar")
    await up(only=["reddit"], port_base=base, data=str(tmp_path))
    assert [words[:2] for words in engine.calls("load")] == [["load", "--input"]]


@pytest.mark.long
async def test_an_image_of_a_registry_is_pulled_and_one_that_is_not_there_is_told(engine: StandIn, base: int) -> None:
    image = "am1n3e/webarena-verified-reddit"
    engine.write("images", {})
    with pytest.raises(ConfigError, match="the image is not there under this name"):
        await up(only=["reddit"], port_base=base, family=VERIFIED)
    engine.write("registry", {image: ""})
    await up(only=["reddit"], port_base=base, family=VERIFIED)
    assert commands(engine, "pull") == [image, image]


@pytest.mark.long
async def test_podman_is_taken_where_there_is_no_docker(
    tmp_path: Path, base: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing_in(tmp_path, names=("podman",)) as found:
        monkeypatch.setenv("STAND_IN", found.environ["STAND_IN"])
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        await up(only=["reddit"], port_base=base)
        assert {record["program"] for record in found.records()} == {"podman"}
        with pytest.raises(ConfigError, match="there is no docker on PATH"):
            await up(only=["reddit"], engine="docker")


@pytest.mark.parametrize("address", ["ssh://me@lab-7", "tcp://lab-7:2376"])
async def test_ports_on_the_loopback_of_another_machine_are_refused(
    engine: StandIn, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(ConfigError, match=r"DOCKER_HOST is the machine lab-7.*give --bind 0\.0\.0\.0"):
        await up(only=["reddit"])


def test_on_another_machine_the_sites_have_its_name_in_their_addresses(
    engine: StandIn, base: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The whole of 127/8 is this machine, which is not said of 127.0.0.9 by its name.
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.9:2376")
    options = DockerOptions.model_validate({"only": ["gitlab"], "port_base": base, "bind": "0.0.0.0"})
    found = find_engine("", os.environ)
    (gitlab,) = places_of(options, remote_host=found.remote_host)
    assert re.fullmatch(r"http://127\.0\.0\.9:\d+", gitlab.url)


@pytest.mark.parametrize("address", ["lab-7:2376", "ftp://lab-7", "tcp://"])
def test_a_docker_host_that_is_none_is_told(address: str) -> None:
    with pytest.raises(ConfigError, match="DOCKER_HOST: expected unix://PATH"):
        find_engine("", {**os.environ, "DOCKER_HOST": address})

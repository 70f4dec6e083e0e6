"""`wa-run sites up | down | logs | reset` and a run, in front of an engine that stands in for docker."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Invoke
from tests.support.engine.stand_in import StandIn, free_base, standing_in


@pytest.fixture
def engine(tmp_path: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(tmp_path) as found:
        for name, value in found.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        yield found


def test_up_prints_the_urls_and_down_removes_what_up_has_made(invoke: Invoke, engine: StandIn) -> None:
    base = str(free_base())
    engine.write("container-theirs", {"name": "theirs", "labels": {}, "pid": 0, "ports": []})
    done = invoke("sites", "up", "--only", "reddit,gitlab", "--port-base", base, "--replicas", "2")
    assert done.code == 0, done.err
    urls = dict(re.findall(r"^export (\w+)=(\S+)$", done.out, re.MULTILINE))
    assert [httpx.get(url, trust_env=False).status_code for url in urls.values()] == [200, 200]
    assert re.search(r"^# replica 2: GITLAB=http://localhost:\d+$", done.out, re.MULTILINE)
    assert "wa-gitlab-2: up" in done.err

    refused = invoke("sites", "down")
    assert (refused.code, "pass --yes" in refused.err) == (2, True)
    assert invoke("sites", "down", "--only", "gitlab", "--yes").code == 0
    assert engine.names == ["theirs", "wa-reddit-1", "wa-reddit-2"]
    printed = invoke("sites", "down", "--print-commands")
    assert printed.out.splitlines() == [f"docker rm --force --volumes wa-reddit-{number}" for number in (1, 2)]
    assert invoke("sites", "down", "--yes").code == 0
    assert engine.names == ["theirs"]
    assert "nothing to take down" in invoke("sites", "down", "--yes").err


def test_what_did_not_come_up_is_exit_code_1(invoke: Invoke, engine: StandIn) -> None:
    engine.fault(sites={"reddit": {"dies": "out of memory"}})
    done = invoke("sites", "up", "--only", "reddit", "--port-base", str(free_base()))
    assert (done.code, done.out) == (1, "")
    assert "wa-reddit-1 has ended with code 1" in done.err
    assert "out of memory" in done.err


@pytest.mark.long
def test_the_log_of_a_site_or_of_a_container(invoke: Invoke, engine: StandIn) -> None:
    invoke("sites", "up", "--only", "reddit", "--port-base", str(free_base()))
    assert invoke("sites", "logs", "reddit").out == "reddit begins\n"
    missing = invoke("sites", "logs", "wa-reddit-2")
    assert (missing.code, "No such container: wa-reddit-2" in missing.err) == (1, True)


def test_printed_commands_ask_no_engine_and_hold_no_password_but_the_published_one(
    invoke: Invoke, engine: StandIn
) -> None:
    done = invoke("sites", "up", "--print-commands", "--data", "/data/web arena")
    assert (done.code, engine.records()) == (0, [])
    lines = done.out.splitlines()
    assert "docker load --input '/data/web arena/shopping_final_0712.tar'" in lines
    assert [line for line in lines if "MyPassword" in line and "MYSQL_PWD=MyPassword docker exec" not in line] == []
    family = ("--family", "webarena-verified", "--only", "shopping")
    verified = invoke("sites", "up", "--print-commands", *family).out
    assert "curl --fail-with-body --max-time 600 -X POST http://localhost:7771/init" in verified.splitlines()


@pytest.mark.long
@pytest.mark.browser
def test_one_command_brings_the_sites_up_runs_on_two_replicas_and_writes_a_row(
    invoke: Invoke, engine: StandIn, workdir: Path
) -> None:
    engine.fault(embedded=True)
    options = f"{{only: [reddit, gitlab], port_base: {free_base()}}}"
    Path("lab.yaml").write_text(f"provider: docker\noptions: {options}\n")
    tasks = ("--task-set", "mini", "--tasks", "site:reddit & !site:gitlab", "--limit", "4")
    done = invoke("--model", "oracle", *tasks, "--sites", "./lab.yaml", "--replicas", "2", "--workers", "2", "--yes")
    assert done.code == 0, done.err
    assert engine.names == ["wa-reddit-1", "wa-reddit-2"]
    told = [
        "sites: wa-reddit-2: up",
        "looking at the sites",
        "passed",
    ]
    places = [done.err.find(each) for each in told]
    assert -1 not in places, done.err
    assert places == sorted(places)
    # What the run has just created is as new, and is not made again by the reset before it.
    assert [words[0] for words in engine.calls("run", "rm")].count("run") == 2
    assert re.search(r"^reddit +4 +4 +0 +0 +0 +100\.0 %$", done.out, re.MULTILINE)
    assert Path("results/leaderboard.csv").exists()


@pytest.mark.parametrize("family", ["official", "webarena-verified"])
def test_printed_commands_are_what_a_shell_and_dockers_own_program_take(
    invoke: Invoke, workdir: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("no docker program is installed: this test has it read the commands")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    lines = invoke("sites", "up", "--print-commands", "--family", family, "--data", str(workdir)).out
    subprocess.run(["sh", "-n"], input=lines, text=True, check=True)
    said = set()
    for line in lines.splitlines():
        words = shlex.split(line) if "docker" in line and not line.startswith("#") else []
        # Archives are opened before the engine is asked.
        if "docker" in words and "load" not in words:
            asked = words[words.index("docker") + 1 :]
            asked = asked[: asked.index("<")] if "<" in asked else asked
            done = subprocess.run(
                [docker, *asked], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            said.add(
                re.sub(r"(?s)^.*?((?i:cannot connect to the docker daemon|connection refused)).*$", r"\1", done.stderr)
            )
    assert {text.lower() for text in said} <= {"cannot connect to the docker daemon", "connection refused"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--only", "shoping"), "--only: only.0: unknown site"),
        (("--only", "homepage"), "--only: there is no published image of homepage"),
        (("--family", "verified"), "--family"),
        (("--host", "http://lab"), "expected a host name or an address"),
        (("--sites", "official-ports"), "its provider is static"),
        (("--replicas", "4000"), "the last one is 65535"),
    ],
    ids=["only", "no image", "family", "host", "sites", "replicas"],
)
def test_bad_input_is_one_error(invoke: Invoke, engine: StandIn, arguments: tuple[str, ...], told: str) -> None:
    done = invoke("sites", "up", *arguments)
    assert done.code == 2
    assert told in done.err
    assert engine.records() == []

"""`wa-run sites reset`, with copies of the embedded sites as the sites of a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.cli.served_copies import Copy, served_copies
from tests.support.local_site import Reply
from tests.support.reset_server import reset_server


@pytest.fixture(scope="module")
def served() -> Iterator[list[Copy]]:
    with served_copies(2, ["shopping", "reddit"]) as found:
        yield found


@pytest.fixture
def copies(served: list[Copy], workdir: Path, monkeypatch: pytest.MonkeyPatch) -> list[Copy]:
    """Two copies of shop and forum as they were at first, and `lab.yaml` that has them as instances."""
    for copy in served:
        copy.reset()
        monkeypatch.setenv(copy.token_env, copy.token)
    Path("lab.yaml").write_text(f"options:\n  instances:\n{''.join(copy.as_yaml() for copy in served)}")
    return served


def test_all_instances_are_reset_when_nobody_is_to_be_asked(copies: list[Copy], invoke: Invoke) -> None:
    for copy in copies:
        copy.register("newcomer")
    done = invoke("sites", "reset", "--sites", "./lab.yaml", "--yes")
    assert done.code == 0, done
    assert [line.partition(" reset in ")[0] for line in sorted(done.out.splitlines())] == [
        "shopping, reddit of instance 1",
        "shopping, reddit of instance 2",
    ]
    assert not any(copy.knows("newcomer") for copy in copies)


def test_the_named_instance_alone_is_reset(copies: list[Copy], invoke: Invoke) -> None:
    for copy in copies:
        copy.register("newcomer")
    assert invoke("sites", "reset", "reddit", "--sites", "./lab.yaml", "--instance", "2", "-y").code == 0
    assert [copy.knows("newcomer") for copy in copies] == [True, False]


def test_without_a_terminal_it_wants_a_yes(copies: list[Copy], invoke: Invoke) -> None:
    copies[0].register("newcomer")
    done = invoke("sites", "reset", "--sites", "./lab.yaml")
    assert done.code == 2
    assert "this resets shopping, reddit of instance 1; shopping, reddit of instance 2" in done.err
    assert "pass --yes" in done.err
    assert copies[0].knows("newcomer")


def test_one_that_fails_is_told_and_does_not_keep_the_others(
    copies: list[Copy], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies[1].register("newcomer")
    monkeypatch.setenv(copies[0].token_env, "wrong")
    done = invoke("sites", "reset", "--sites", "./lab.yaml", "--yes")
    assert done.code == 1
    assert "of instance 1 could not be reset in 2 tries" in done.out
    assert "gives 401" in done.out
    assert not copies[1].knows("newcomer")
    done = invoke("sites", "reset", "--sites", "./lab.yaml", "--yes", "--json")
    assert done.code == 1
    assert sorted((reset["instance"], reset["ok"]) for reset in json.loads(done.out)) == [("1", False), ("2", True)]


def test_the_reset_server_as_a_users_file_names_it(copies: list[Copy], invoke: Invoke) -> None:
    with reset_server() as server:
        server.statuses = [Reply("Ready for duty!")]
        Path("one.yaml").write_text(
            f"options:\n  urls: {{shopping: '{copies[0].urls['shopping']}'}}\n"
            f"  reset: {{method: server, url: '{server.url}'}}\n"
        )
        assert invoke("sites", "reset", "--sites", "./one.yaml", "--yes").code == 0
    assert server.site.asked == ["/reset", "/status"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--sites", "embedded"), "provider 'embedded' has no sites that can be reset: each episode has fresh ones"),
        (("--sites", "./lab.yaml", "--instance", "3"), "--instance 3: expected one of 1, 2"),
        (("gitlab", "--sites", "./lab.yaml"), "no instance has the site gitlab; expected some of reddit, shopping"),
        (("--sites", "./plain.yaml"), "nothing says how the sites can be reset; write a `reset:`"),
        (("--sites", "./wrong.yaml"), "wrong.yaml, line 2, column 11: options.reset.method: the env-ctrl server"),
    ],
    ids=["embedded", "instance", "site", "no method", "wrong method"],
)
def test_what_cannot_be_reset_is_told(
    copies: list[Copy], invoke: Invoke, arguments: tuple[str, ...], told: str
) -> None:
    Path("plain.yaml").write_text("urls: {shopping: 'http://127.0.0.1:1'}\n")
    Path("wrong.yaml").write_text("options:\n  reset: {method: env-ctrl}\n")
    done = invoke("sites", "reset", *arguments, "--yes")
    assert done.code == 2
    assert told in done.err, done.err

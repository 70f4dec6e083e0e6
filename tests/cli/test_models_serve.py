"""`wa-run models serve`: the command from the model file, and the server that it starts and stops."""

import json
import signal
import socket
import stat
import sys
import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Invoke, start

ROOT = Path(__file__).parents[2]
# Stands in for both programs: notes how it was called, and serves what TGI would.
PROGRAM = f"""\
    #!{sys.executable}
    import json, os, pathlib, runpy, sys
    with pathlib.Path(__file__).with_name("calls.jsonl").open("a") as calls:
        environ = {{name: os.environ.get(name) for name in ("HF_TOKEN", "API_KEY")}}
        print(json.dumps([sys.argv, environ]), file=calls)
    arguments = sys.argv[1:]
    if arguments[:1] == ["rm"]:
        sys.exit()
    if arguments[:1] == ["run"]:
        host, port, inside = arguments[arguments.index("-p") + 1].split(":")
        assert arguments[-2:] == ["--port", inside]
        arguments[-1] = port
    if "broken/model" in arguments:
        sys.exit("no such model")
    sys.path.insert(0, {str(ROOT)!r})
    sys.argv = ["fake_tgi", *arguments]
    runpy.run_module("tests.models.fake_tgi", run_name="__main__")
"""
Program = Callable[[str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a program on PATH, which has no others; gives the file with its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str) -> Path:
        path = folder / name
        path.write_text(textwrap.dedent(PROGRAM))
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        return folder / "calls.jsonl"

    return put


def model_file(folder: Path, **options: Any) -> str:
    given = {"launch": {"model-id": "some/model"}, **options}
    text = yaml.safe_dump({"backend": "tgi", "context_window": 4096, "options": given})
    (folder / "served.yaml").write_text(text)
    return "served.yaml"


def calls_in(path: Path) -> list[tuple[list[str], dict[str, str | None]]]:
    return [(call[0][1:], call[1]) for call in map(json.loads, path.read_text().splitlines())]


def stderr_until(process: Popen[str], text: str) -> str:
    """What the process says up to the line that has the text, or its end."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            break
    return said


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_launcher_is_started_waited_for_and_stopped(
    invoke: Invoke, workdir: Path, program: Program, unused_tcp_port: int
) -> None:
    calls = program("text-generation-launcher")
    name = model_file(workdir, launch={"model-id": "some/model", "num-shard": 2})
    port = str(unused_tcp_port)
    with start("models", "serve", name, "--port", port) as process:
        said = stderr_until(process, "wa-run --model")
        answered = invoke("models", "check", name, "-o", f"model.options.base_url=http://127.0.0.1:{port}")
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=20)
    command = f"text-generation-launcher --model-id some/model --num-shard 2 --hostname 127.0.0.1 --port {port}"
    assert f"+ {command}\n" in said
    assert f"ready: http://127.0.0.1:{port}" in said
    assert (process.returncode, rest.strip()) == (0, "stopped")
    assert "Connected, serving some/model" in out
    assert [" ".join(arguments) for arguments, _ in calls_in(calls)] == [command.partition(" ")[2]]
    assert (answered.code, "echo: Answer with one word" in answered.out) == (0, True)
    assert not listens(unused_tcp_port)


def test_docker_gets_keys_by_name_and_its_container_is_removed(
    workdir: Path, program: Program, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    calls = program("docker")
    token, key = "hf_" + uuid.uuid4().hex, "k-" + uuid.uuid4().hex
    monkeypatch.setenv("HF_TOKEN", token)
    monkeypatch.setenv("OWN_KEY", key)
    name = model_file(workdir, api_key_env="OWN_KEY", docker={"image": "tgi:1", "cache": "cache"})
    port = str(unused_tcp_port)
    with start("models", "serve", name, "--docker", "--port", port) as process:
        said = stderr_until(process, "wa-run --model")
        process.terminate()
        out, rest = process.communicate(timeout=20)
    (ran, environ), (removed, _) = calls_in(calls)
    assert (
        ran
        == (
            f"run --rm --name wa-run-tgi-{port} --gpus all --shm-size 1g -p 127.0.0.1:{port}:80 "
            f"-v {workdir}/cache:/data -e HF_TOKEN -e API_KEY tgi:1 --model-id some/model --port 80"
        ).split()
    )
    assert environ == {"HF_TOKEN": token, "API_KEY": key}
    assert removed == ["rm", "--force", f"wa-run-tgi-{port}"]
    assert process.returncode == 0
    assert token not in f"{ran}{said}{out}{rest}"
    assert key not in f"{ran}{said}{out}{rest}"


def test_a_server_that_ends_before_it_is_ready_is_told(workdir: Path, program: Program, unused_tcp_port: int) -> None:
    program("text-generation-launcher")
    name = model_file(workdir, launch={"model-id": "broken/model"})
    with start("models", "serve", name, "--port", str(unused_tcp_port)) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "no such model" in err
    assert "error: the server ended with exit code 1 before it was ready" in err


def test_a_taken_port_is_told_before_anything_starts(invoke: Invoke, workdir: Path, program: Program) -> None:
    calls = program("text-generation-launcher")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = invoke("models", "serve", model_file(workdir), "--port", str(port))
    assert done.code == 2
    assert f"port {port} is taken" in done.err
    assert not calls.exists()


def test_every_kind_of_flag_is_written_as_the_launcher_takes_it(invoke: Invoke, workdir: Path) -> None:
    launch = {
        "model_id": "some/model",
        "max-total-tokens": 8192,
        "quantize": "bitsandbytes-nf4",
        "sharded": False,
        "trust-remote-code": True,
        "json-output": False,
        "cuda-memory-fraction": 0.8,
        "cuda-graphs": [1, 2, 4],
        "revision": "refs/pr/2",
        "port": 8099,
    }
    done = invoke("models", "serve", model_file(workdir, launch=launch), "--local", "--print-command")
    assert done.out.strip() == (
        "text-generation-launcher --model-id some/model --revision refs/pr/2 --sharded false "
        "--quantize bitsandbytes-nf4 --trust-remote-code --max-total-tokens 8192 --cuda-graphs 1,2,4 "
        "--cuda-memory-fraction 0.8 --hostname 127.0.0.1 --port 8099"
    )


def test_print_command_needs_no_program_and_quotes(invoke: Invoke, workdir: Path, program: Program) -> None:
    weights = workdir / "my weights"
    weights.mkdir()
    name = model_file(workdir, launch={"model-id": str(weights)}, docker={"cache": "cache"})
    done = invoke("models", "serve", name, "--print-command", "--port", "9000", "-o", "model.options.docker.gpus=0")
    assert done.code == 0
    assert done.out.startswith("docker run --rm --name wa-run-tgi-9000 --gpus 0 ")
    assert f"-v '{weights}:{weights}:ro' -e HF_TOKEN" in done.out
    assert f"--model-id '{weights}' --port 80\n" in done.out


@pytest.mark.parametrize(
    ("launch", "told"),
    [
        ({"max-input-tokns": 5}, "unknown key 'max-input-tokns'; did you mean max-input-tokens"),
        ({"num-shard": "two"}, "num-shard: "),
        ({"quantize": "gtpq"}, "quantize: expected 'awq'"),
        ({"api-key": "s3cret"}, "launch.api-key holds a secret"),
        ({"dtype": "float16", "quantize": "awq"}, "either dtype or quantize"),
        ({"max-input-tokens": 4096, "max-total-tokens": 4096}, "leaves no room for a reply"),
        (
            {"max-input-tokens": 1000, "max-total-tokens": 2000},
            "context_window is 4096 tokens, and the server takes 2000",
        ),
    ],
)
def test_wrong_launch_flags_are_told(invoke: Invoke, workdir: Path, launch: dict[str, Any], told: str) -> None:
    done = invoke("models", "serve", model_file(workdir, launch={"model-id": "m", **launch}), "--print-command")
    assert done.code == 2
    assert told in done.err
    assert "s3cret" not in done.err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "neither text-generation-launcher nor docker is on PATH"),
        (("--local",), "text-generation-launcher is not on PATH"),
        (("--docker",), "docker is not on PATH"),
        (("--docker", "--local"), "exclude each other"),
    ],
)
def test_a_missing_program_is_told_with_the_way_to_get_it(
    invoke: Invoke, workdir: Path, program: Program, flags: tuple[str, ...], told: str
) -> None:
    done = invoke("models", "serve", model_file(workdir), *flags)
    assert done.code == 2
    assert told in done.err
    if flags != ("--docker", "--local"):
        assert "github.com" in done.err or "docs.docker.com" in done.err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "gpt-4o",
            "backend openai_chat has no server that could be started here; those that have one: llama-cpp, tgi, ",
        ),
        ("oracle", "without a model"),
    ],
)
def test_what_cannot_be_served_is_told(invoke: Invoke, name: str, told: str) -> None:
    done = invoke("models", "serve", name, "--print-command")
    assert done.code == 2
    assert told in done.err

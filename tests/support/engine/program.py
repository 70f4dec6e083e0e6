"""What is on PATH as `docker` or `podman`: keeps its state in the folder of STAND_IN, words errors as the engines do.

Only what this runner asks is known; anything else ends with code 125, as an unknown flag does.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

FOLDER = Path(os.environ["STAND_IN"])
NAME = os.environ["STAND_IN_NAME"]
HERE = Path(__file__).parent
RUN_FLAGS = ("name", "restart", "shm-size", "platform", "entrypoint", "network")


def main() -> None:
    words = sys.argv[1:]
    stdin = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    told = {key: os.environ[key] for key in ("MYSQL_PWD", "DOCKER_HOST", "CONTAINER_HOST") if key in os.environ}
    with (FOLDER / "calls.jsonl").open("a") as file:
        file.write(json.dumps({"program": NAME, "words": words, "stdin": stdin, "environ": told}) + "\n")
    faults = read("faults")
    if faults.get("down"):
        fail(
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
            if NAME == "docker"
            else "Error: unable to connect to Podman socket: connection refused",
            code=1,
        )
    for pattern, fault in faults.get("calls", {}).items():
        if re.search(pattern, " ".join(words)):
            fail(fault["err"], code=fault.get("code", 1))
    COMMANDS.get(words[0], unknown)(words[1:], stdin)


def read(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write(name: str, value: Any) -> None:
    path = FOLDER / f"{name}.json.{os.getpid()}"
    path.write_text(json.dumps(value))
    path.replace(FOLDER / f"{name}.json")


def fail(message: str, code: int = 1) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(code)


def unknown(words: list[str], stdin: str) -> None:
    fail(f"unknown flag or command: {words}\nSee '{NAME} --help'.", code=125)


def container(name: str) -> dict[str, Any]:
    found = read(f"container-{name}")
    if not found:
        fail(f"Error response from daemon: No such container: {name}")
    return found


def containers() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("container-*.json"))]


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def run(words: list[str], stdin: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--rm", action="store_true")
    parser.add_argument("--interactive", action="store_true")
    for flag in RUN_FLAGS:
        parser.add_argument(f"--{flag}", default="")
    for flag in ("label", "publish", "volume", "env"):
        parser.add_argument(f"--{flag}", action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    given = parser.parse_args(words)
    if given.image not in read("images"):
        fail(
            f"Unable to find image '{given.image}:latest' locally\ndocker: Error response from daemon: pull access "
            f"denied for {given.image}, repository does not exist or may require 'docker login'\n\n"
            f"Run '{NAME} run --help' for more information",
            code=125,
        )
    if given.rm:
        return look(given, stdin)
    if read(f"container-{given.name}"):
        fail(
            f'docker: Error response from daemon: Conflict. The container name "/{given.name}" is already in use by '
            'container "0f3a". You have to remove (or rename) that container to be able to reuse that name.',
            code=125,
        )
    record = {
        "name": given.name,
        "labels": dict(label.partition("=")[::2] for label in given.label),
        "ports": [
            [int(outside), int(inside)] for _, outside, inside in (each.rsplit(":", 2) for each in given.publish)
        ],
        "image": given.image,
        "env": dict(each.partition("=")[::2] for each in given.env),
        "volumes": given.volume,
        "files": {},
        "arguments": given.rest,
    }
    start_server(record)
    sys.stdout.write("4f66ad9a0b2e\n")
    return None


def look(given: argparse.Namespace, stdin: str) -> None:
    """A container that is gone afterwards: looks for files and into volumes, or fills one."""
    mounted = {path: source for source, path in (each.split(":")[:2] for each in given.volume)}
    volumes = read("volumes")
    if given.entrypoint == "tar":
        volumes[mounted["/to"]] = f"{len(stdin)} bytes, {given.rest[-1]}"
        write("volumes", volumes)
        return
    script = given.rest[-1]
    if script.startswith("test -s "):
        folder, name = mounted["/data"], script.rpartition("/")[2]
        sys.exit(0 if (Path(folder) / name).exists() else 1)
    sys.stdout.write("".join(f"{path}\n" for path, source in mounted.items() if volumes.get(source)))


def start_server(record: dict[str, Any]) -> None:
    name = record["name"]
    write(f"container-{name}", record | {"pid": 0, "code": 0})
    with (FOLDER / f"log-{name}").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "site.py"), str(FOLDER), name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    write(f"container-{name}", record | {"pid": process.pid, "code": 0})


def start(words: list[str], stdin: str) -> None:
    record = container(words[0])
    if not alive(record["pid"]):
        start_server({key: value for key, value in record.items() if key not in ("pid", "code")})
    sys.stdout.write(f"{words[0]}\n")


def ps(words: list[str], stdin: str) -> None:
    wanted = {words[index + 1].removeprefix("label=") for index, word in enumerate(words) if word == "--filter"}
    for each in containers():
        if wanted <= {f"{key}={value}" for key, value in each["labels"].items()}:
            sys.stdout.write(each["name"] + "\n")


def inspect_containers(words: list[str], stdin: str) -> None:
    if words[0] != "inspect":
        unknown(words, stdin)
    found, missing = [], []
    for name in words[1:]:
        record = read(f"container-{name}")
        if not record:
            missing.append(name)
            continue
        ended = FOLDER / f"ended-{name}"
        running = alive(record["pid"])
        found.append(
            {
                "Name": f"/{name}" if NAME == "docker" else name,
                "State": {
                    "Status": "running" if running else "exited",
                    "ExitCode": 0 if running else int(ended.read_text() if ended.exists() else "137"),
                },
                "RestartCount": 0,
                "Config": {"Labels": record["labels"]},
            }
        )
    sys.stdout.write(json.dumps(found, indent=4) + "\n")
    if missing:
        fail("\n".join(f"Error response from daemon: No such container: {name}" for name in missing))


def rm(words: list[str], stdin: str) -> None:
    name = words[-1]
    record = container(name)
    if alive(record["pid"]):
        os.kill(record["pid"], signal.SIGKILL)
        while alive(record["pid"]):
            time.sleep(0.005)
    (FOLDER / f"container-{name}.json").unlink()
    sys.stdout.write(f"{name}\n")


def execute(words: list[str], stdin: str) -> None:  # noqa: C901, PLR0912 - one case for each program inside
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--interactive", action="store_true")
    parser.add_argument("--workdir", default="")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("name")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    given = parser.parse_args(words)
    record = container(given.name)
    if not alive(record["pid"]):
        fail(f"Error response from daemon: container {given.name} is not running")
    match given.rest:
        case ["cat", path]:
            if path not in record["files"]:
                fail(f"cat: {path}: No such file or directory")
            sys.stdout.write(record["files"][path])
        case ["tee", path]:
            record["files"][path] = stdin
            sys.stdout.write(stdin)
        case ["/var/www/magento2/bin/magento", "setup:store-config:set", address]:
            record["base_url"] = address.partition("=")[2]
        case ["mysql", *_]:
            if os.environ.get("MYSQL_PWD") != "MyPassword":
                fail("ERROR 1045 (28000): Access denied for user 'magentouser'@'localhost' (using password: NO)")
        case ["sed", "-i", *_, "/etc/gitlab/gitlab.rb"]:
            record["external_url"] = re.search(r"external_url '([^']+)'", " ".join(given.rest))[1]  # type: ignore[index]
        case ["gitlab-ctl", "restart"]:
            record["restarted"] = True
        case ["gitlab-ctl", "reconfigure"]:
            record["base_url"] = record["external_url"]
        case ["sed", *_]:
            record["unlimited"] = True
        case ["grep", "-l", *_]:
            if record.get("unlimited"):
                sys.exit(1)
            sys.stdout.write(given.rest[-1] + "\n")
    write(f"container-{given.name}", record)


def logs(words: list[str], stdin: str) -> None:
    container(words[-1])
    log = FOLDER / f"log-{words[-1]}"
    sys.stdout.write(log.read_text() if log.exists() else "")


def image(words: list[str], stdin: str) -> None:
    if words[-1] not in read("images"):
        fail(f"Error response from daemon: No such image: {words[-1]}:latest")
    sys.stdout.write("sha256:0f3a\n")


def info(words: list[str], stdin: str) -> None:
    sys.stdout.write(f"{read('faults').get('storage', '')}\n")


def pull(words: list[str], stdin: str) -> None:
    if words[-1] not in read("registry"):
        fail(
            f"Error response from daemon: pull access denied for {words[-1]}, repository does not exist or may require "
            "'docker login': denied: requested access to the resource is denied"
        )
    write("images", read("images") | {words[-1]: "pulled"})


def load(words: list[str], stdin: str) -> None:
    path = Path(words[words.index("--input") + 1])
    if not path.exists():
        fail(f"open {path}: no such file or directory")
    write("images", read("images") | {path.stem: "loaded"})
    sys.stdout.write(f"Loaded image: {path.stem}:latest\n")


def volume(words: list[str], stdin: str) -> None:
    volumes, labels = read("volumes"), read("volume-labels")
    match words:
        case ["ls", "--quiet"]:
            sys.stdout.write("".join(f"{name}\n" for name in volumes))
        case ["create", "--label", label, name]:
            if name in volumes and NAME == "podman":
                fail(f"Error: volume with name {name} already exists: volume already exists", code=125)
            write("volumes", {name: ""} | volumes)
            write("volume-labels", labels | {name: label})
        case ["ls", "--quiet", "--filter", wanted]:
            sys.stdout.write("".join(f"{name}\n" for name, label in labels.items() if f"label={label}" == wanted))
        case ["rm", name]:
            write("volumes", {key: value for key, value in volumes.items() if key != name})
            write("volume-labels", {key: value for key, value in labels.items() if key != name})
        case _:
            unknown(words, stdin)


COMMANDS = {
    "run": run,
    "start": start,
    "ps": ps,
    "container": inspect_containers,
    "rm": rm,
    "exec": execute,
    "logs": logs,
    "image": image,
    "info": info,
    "pull": pull,
    "load": load,
    "volume": volume,
}
main()

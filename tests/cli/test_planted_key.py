"""A key that a run is given in the environment is in nothing that comes of it: folder, logs, reports, exports."""

import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
import threading
import zipfile
from asyncio import Event, new_event_loop
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
import zstandard

from tests.cli.conftest import WA_RUN, Invoke, own_task
from tests.models.fake_openai import Reply, Request, Server, completion, error, running
from webarena_runner import registry

pytestmark = [pytest.mark.browser, pytest.mark.long]
# Those that write any run without an account, a package or a page elsewhere.
OFFLINE = ("atif", "bundle", "har", "jsonl", "junit", "leaderboard", "trace", "verified")
# `sheet` shows the row alone until --write; a sheet has to be named all the same.
ARGUMENTS = {"sheet": ("-o", "sheet=https://docs.google.com/spreadsheets/d/1AbC/edit")}


@dataclass(frozen=True)
class Planted:
    """Values by environment variable; drawn anew, so that no source file has them."""

    values: dict[str, str]

    def found_in(self, data: bytes) -> list[str]:
        return [name for name, value in self.values.items() if value.encode() in data]


class Telling(Server):
    """Says in its error replies all that it was sent, as some servers do."""

    def answer(self, request: Request) -> Reply:
        sent = json.dumps(request.headers)
        if request.path != "/v1/chat/completions":
            return super().answer(request)
        prompt = request.body["messages"][-1]["content"]
        if "Say fail" in prompt or "the true one" in prompt:
            return error(400, f"cannot do this with {sent}")
        if "Reference answer" in prompt:
            return Reply(body=completion("correct"))
        return Reply(body=completion("In summary, the next action I will perform is ```stop [hello]```"))


@pytest.fixture(scope="module")
def server() -> Iterator[Telling]:
    started, over, found, loop = threading.Event(), Event(), Telling(), new_event_loop()

    async def serve() -> None:
        async with running(found):
            started.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    yield found
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.close()


@pytest.fixture(scope="module")
def planted() -> Planted:
    variables = ("MODEL_KEY", "HEADER_KEY", "JUDGE_KEY", "WANDB_API_KEY", "GOOGLE_API_KEY", "UNRELATED_PASSWORD")
    return Planted({name: f"sk-{secrets.token_hex(16)}" for name in variables})


@pytest.fixture(scope="module")
def played(server: Telling, planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run was made: one episode passed, one judged, one refused by model and one by judge."""
    folder = tmp_path_factory.mktemp("planted")
    options = {"base_url": server.base_url, "max_retries": 0}
    model = {"api_key_env": "MODEL_KEY", "headers_env": {"X-Team": "HEADER_KEY"}}
    for name, more in (("mine", model), ("judge", {"api_key_env": "JUDGE_KEY"})):
        text = yaml.safe_dump({"backend": "openai_chat", "model": "tiny", "options": options | more})
        (folder / f"{name}.yaml").write_text(text)
    tasks = [own_task(number, expected=word, said=word) for number, word in enumerate(("hello", "fail", "a", "b"))]
    tasks[2]["eval"]["reference_answers"] = {"fuzzy_match": ["hello there"]}
    tasks[3]["eval"]["reference_answers"] = {"fuzzy_match": ["the true one"]}
    (folder / "own.json").write_text(json.dumps(tasks))
    arguments = ["--model", "./mine.yaml", "--judge", "./judge.yaml", "--task-set", "own.json", "--sites", "embedded"]
    arguments += ["--run-id", "r1", "--record", "har,trace", "--workers", "2", "-o", "limits.retries=0", "--verbose"]
    done = subprocess.run(
        [WA_RUN, *arguments],
        cwd=folder,
        env={**os.environ, **planted.values},
        capture_output=True,
        check=False,
        timeout=180,
    )
    (folder / "printed").write_bytes(done.stdout + done.stderr)
    assert done.returncode == 1, done.stderr.decode()
    return folder


@pytest.fixture
def here(played: Path, planted: Planted, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(played, workdir, dirs_exist_ok=True)
    shutil.copytree(workdir / "results" / "r1", workdir / "results" / "r2")
    for name, value in planted.values.items():
        monkeypatch.setenv(name, value)
    return workdir


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and what is in archives and compressed files."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        yield str(path), data
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}:{name}", archive.read(name)) for name in archive.namelist())
        if path.suffix == ".parquet":
            import pyarrow.parquet

            yield f"{path}:rows", str(pyarrow.parquet.read_table(path).to_pylist()).encode()
        if path.name.endswith(".tar.zst"):
            with tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().stream_reader(data).read())) as tar:
                files = ((member.name, tar.extractfile(member)) for member in tar)
                yield from ((f"{path}:{name}", file.read()) for name, file in files if file)


def test_the_run_has_met_what_tells_keys(played: Path, server: Telling, planted: Planted) -> None:
    """Else the tests below could not fail."""
    sent = json.dumps([request.headers for request in server.requests])
    assert {"MODEL_KEY", "HEADER_KEY", "JUDGE_KEY"} <= set(planted.found_in(sent.encode()))
    results = [json.loads(path.read_text()) for path in sorted(played.glob("results/r1/episodes/*/result.json"))]
    assert [result["value"] for result in results] == [1.0, None, 1.0, None]
    messages = [result["failure"]["message"] for result in results if result["failure"]]
    assert all("cannot do this with" in message and "[key]" in message for message in messages), messages


def test_no_file_of_the_run_and_nothing_printed_has_a_key(played: Path, planted: Planted) -> None:
    assert {name: found for name, data in contents(played) if (found := planted.found_in(data))} == {}


@pytest.mark.parametrize(
    "command",
    [
        "report r1",
        "report r1 --json",
        "report r1 --format markdown",
        "report r1 --html pages",
        "report r1 --html page --single-file",
        "leaderboard",
        "leaderboard --json",
        "compare r1 r2 --json",
        "rescore r1 --profile strict",
        "rescore r1 --rules official|strict --json",
        "rescore r1 --judge ./judge.yaml",
        "reproduce r1",
        "reproduce r1 --json",
        "verify results/r1",
        "--config results/r1 --dry-run --json",
        "doctor",
    ],
)
def test_no_command_shows_or_writes_a_key(command: str, here: Path, planted: Planted, invoke: Invoke) -> None:
    done = invoke(*command.split(" "))
    assert done.code in (0, 1), done.err
    assert done.out
    assert planted.found_in((done.out + done.err).encode()) == []
    assert {name: found for name, data in contents(here) if (found := planted.found_in(data))} == {}


@pytest.mark.parametrize("name", registry.names("exporters"))
def test_no_exporter_shows_or_writes_a_key(name: str, here: Path, planted: Planted, invoke: Invoke) -> None:
    before = {path for path in here.rglob("*") if path.is_file()}
    done = invoke("export", "r1", "--to", name, *ARGUMENTS.get(name, ()))
    assert done.code == 0 or name not in OFFLINE, done.err
    assert name not in OFFLINE or {path for path in here.rglob("*") if path.is_file()} - before or "leaderboard" in name
    assert planted.found_in((done.out + done.err).encode()) == []
    assert {file: found for file, data in contents(here) if (found := planted.found_in(data))} == {}


@pytest.mark.parametrize(
    "argument",
    [
        "model.options.api_key={}",
        'model.options.headers={{"Authorization": "Bearer {}"}}',
        "model.options.base_url=https://user:{}@host/v1",
        "model.options.base_url=https://host/v1?key={}",
        "model.description={}",
        "sites.options.urls.reddit=http://{}@forum.local",
        'exporters=["jsonl=http://h/?token={}"]',
    ],
)
def test_a_key_in_settings_is_refused_and_not_shown(
    argument: str, here: Path, planted: Planted, invoke: Invoke
) -> None:
    key = planted.values["MODEL_KEY"]
    given = ["--model", "./mine.yaml", "--task-set", "own.json", "--sites", "static", "--run-id", "r3"]
    done = invoke(*given, "-o", argument.format(key))
    assert done.code == 2
    assert planted.found_in((done.out + done.err).encode()) == []
    assert not (here / "results" / "r3").exists()

"""The official and the embedded task set, and fetching the official one."""

import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tasksets.records import record, write
from webarena_runner.errors import ConfigError, FetchError, TaskFileError
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets.fetch import MAX_BYTES, fetch_task_set
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.webarena import WebArena


@pytest.fixture
def official_file(shared: Path) -> Path:
    return shared / "data" / "webarena" / "test.raw.json"


def _ignore(line: str) -> None: ...


def _wheel(path: Path, content: bytes, *, member: str = "webarena/test.raw.json") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("webarena/__init__.py", "")
        wheel.writestr(member, content)
    return path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """URL of a server of the test's folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_without_a_fetched_file_the_command_to_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match="run `wa-run tasks fetch webarena`"):
        WebArena(tmp_path).load()


@pytest.mark.parametrize("form", ["path", "wheel", "url", "wheel url"])
def test_the_official_file_is_fetched_from(form: str, official_file: Path, tmp_path: Path, web: str) -> None:
    content = official_file.read_bytes()
    (tmp_path / "plain.json").write_bytes(content)
    _wheel(tmp_path / "lib.whl", content)
    source = {
        "path": str(tmp_path / "plain.json"),
        "wheel": str(tmp_path / "lib.whl"),
        "url": f"{web}/plain.json",
        "wheel url": f"{web}/lib.whl",
    }[form]
    said: list[str] = []
    path = fetch_task_set("webarena", source, tmp_path / "cache", said.append)
    assert path.read_bytes() == content
    assert "812 tasks" in said[-1]
    loaded = WebArena(tmp_path / "cache").load()
    assert (len(loaded.tasks), loaded.sha256, loaded.modified, loaded.source) == (
        812,
        WEBARENA.sha256,
        False,
        str(path),
    )
    about = json.loads(path.with_suffix(".source.json").read_text())
    assert (about["source"], about["modified"]) == (source, False)
    assert sorted(found.name for found in path.parent.iterdir()) == ["test.raw.json", "test.raw.source.json"]


def test_another_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "other.json", [record()])
    with pytest.raises(
        TaskFileError,
        match=rf"not the official task file: expected sha256 {WEBARENA.sha256}, found .*leave --from out.*--allow",
    ):
        fetch_task_set("webarena", str(source), tmp_path / "cache", _ignore)
    assert not (tmp_path / "cache").exists()


def test_another_file_is_marked_where_it_is_allowed(tmp_path: Path) -> None:
    source = write(tmp_path / "other.json", [record()])
    path = fetch_task_set("webarena", str(source), tmp_path / "cache", _ignore, allow_modified=True)
    assert json.loads(path.with_suffix(".source.json").read_text())["modified"] is True
    with pytest.raises(TaskFileError, match="--allow-modified"):
        WebArena(tmp_path / "cache").load()
    assert WebArena(tmp_path / "cache").load(allow_modified=True).modified is True


def test_a_malformed_file_is_refused_also_where_changes_are_allowed(tmp_path: Path) -> None:
    source = write(tmp_path / "other.json", [{"task_id": 1}])
    with pytest.raises(TaskFileError, match=r"other.json: record 0 \(task 1\)"):
        fetch_task_set("webarena", str(source), tmp_path / "cache", _ignore, allow_modified=True)


def test_a_failed_fetch_keeps_what_was_there(official_file: Path, tmp_path: Path) -> None:
    path = fetch_task_set("webarena", str(official_file), tmp_path / "cache", _ignore)
    with pytest.raises(TaskFileError):
        fetch_task_set("webarena", str(write(tmp_path / "other.json", [record()])), tmp_path / "cache", _ignore)
    assert path.read_bytes() == official_file.read_bytes()


def test_bad_sources_are_told(tmp_path: Path, web: str) -> None:
    (tmp_path / "broken.whl").write_bytes(b"PK\x03\x04 but no more")
    named = _wheel(tmp_path / "named.whl", b"[]", member="é").read_bytes()
    (tmp_path / "named.whl").write_bytes(named.replace("é".encode(), b"\xb6\xb6"))
    empty = _wheel(tmp_path / "empty.whl", b"[]", member="webarena/other.json")
    huge = _wheel(tmp_path / "huge.whl", b" " * (MAX_BYTES + 1))
    for source, told in {
        str(tmp_path / "absent.json"): "cannot be read: No such file",
        str(tmp_path / "broken.whl"): "a broken wheel",
        str(tmp_path / "named.whl"): "a broken wheel",
        str(empty): "holds no webarena/test.raw.json",
        str(huge): "is larger than 16 MiB",
        f"{web}/absent.json": "the server answered 404",
        "http://127.0.0.1:9/x": "cannot be downloaded",
        "http://": "cannot be downloaded",
    }.items():
        with pytest.raises(FetchError, match=told):
            fetch_task_set("webarena", source, tmp_path / "cache", _ignore)


def test_of_a_fault_that_pip_does_not_know_its_last_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["ERROR: Exception:", "Traceback (most recent call last):", "OSError: [Errno 28] No space left on device"]
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(f"import sys; sys.exit({chr(10).join(lines)!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(FetchError, match=r"pip could not get libwebarena==0\.0\.5: OSError: \[Errno 28\] No space"):
        fetch_task_set("webarena", None, tmp_path, _ignore)


def test_pip_failing_is_told_with_the_other_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(FetchError, match=r"pip could not get libwebarena==0\.0\.5: .*give a path or URL") as told:
        fetch_task_set("webarena", None, tmp_path, _ignore)
    assert "\n" not in str(told.value)


def test_a_cache_that_cannot_be_written_is_told(official_file: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(TaskFileError, match="cannot be kept"):
        fetch_task_set("webarena", str(official_file), tmp_path / "cache", _ignore)


def _mini(folder: Path, subsets: str) -> Mini:
    write(folder / "mini.json", [record(task_id) for task_id in range(4)])
    (folder / "mini.subsets.yaml").write_text(subsets)
    return Mini(folder)


def test_the_embedded_set_has_named_subsets(tmp_path: Path) -> None:
    loaded = _mini(tmp_path, "smoke: [0, 2]\n").load()
    assert (loaded.name, len(loaded.tasks), loaded.subsets) == ("mini", 4, {"smoke": (0, 2)})


def test_the_working_directorys_copy_of_the_embedded_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tasks").mkdir()
    _mini(tmp_path / "tasks", "smoke: [1]\n")
    monkeypatch.chdir(tmp_path)
    assert Mini().load().source == str((tmp_path / "tasks" / "mini.json").resolve())


@pytest.mark.parametrize(
    ("subsets", "told"),
    [
        ("smoke: [0, 9]\n", r"mini.subsets.yaml, line 1, column 1: smoke: no such task in mini.json: \[9\]"),
        ("smoke: 3\n", "smoke: expected a list of task ids, found 3"),
        ("smoke: [true]\n", "smoke: expected a list of task ids"),
    ],
)
def test_wrong_subsets_are_told_with_their_place(subsets: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=told):
        _mini(tmp_path, subsets).load()


def test_a_missing_embedded_set_is_told(tmp_path: Path) -> None:
    with pytest.raises((TaskFileError, ConfigError), match="mini"):
        Mini(tmp_path).load()

"""`wa-run export --to bundle` and `wa-run verify`: one file that anybody can check, and that cannot do harm."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.cli.conftest import Invoke
from tests.export.runs import a_step
from tests.rescoring.runs import Played, write_played
from tests.rescoring.test_rescore import MIXED
from webarena_runner.export.bundle import archive
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import EpisodeFolders

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
UNJUDGED = Played(9, [MIXED[3].specs[0]], answer="x")


@pytest.fixture
def run(workdir: Path) -> Path:
    """With a picture, a judge's kept verdict, an earlier attempt, and an episode that only lacked a judge."""
    folder = write_played(workdir / "results", [*MIXED, UNJUDGED])
    store = EpisodeFolders(folder)
    again = store.begin(9, 0)
    again.append(a_step(0, answer="x", screenshot_file="step-000.jpeg"), JPEG)
    paths = RunPaths(folder)
    paths.verdicts.mkdir()
    (paths.verdicts / "q.json").write_text('{"reply": "correct"}')
    paths.log.write_text("one line\n")
    return folder


@pytest.fixture
def bundle(run: Path, workdir: Path, invoke: Invoke) -> Path:
    done = invoke("export", "r1", "--to", "bundle")
    assert done.code == 0, done.err
    assert "check it with: wa-run verify results/r1.tar.zst" in done.out
    return workdir / "results" / "r1.tar.zst"


def unpacked(bundle: Path, into: Path) -> Path:
    with bundle.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
        into.mkdir()
        with tarfile.open(fileobj=plain, mode="r|") as tar:
            tar.extractall(into, filter="data")
    return into / "r1"


def packed(path: Path, *members: tuple[tarfile.TarInfo | str, bytes]) -> Path:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            if info.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    path.write_bytes(zstandard.compress(buffer.getvalue()))
    return path


def repacked(folder: Path, path: Path) -> Path:
    return packed(
        path,
        *(
            (f"r1/{each.relative_to(folder).as_posix()}", each.read_bytes())
            for each in folder.rglob("*")
            if each.is_file()
        ),
    )


def test_a_bundle_has_the_whole_run_and_other_tools_read_it(run: Path, bundle: Path, tmp_path: Path) -> None:
    (run / "report").mkdir()
    folder = unpacked(bundle, tmp_path / "x")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"manifest.json", "tasks.jsonl", "run.log", "judge/q.json", "bundle.json", "SHA256SUMS"} <= there
    assert {"episodes/9.0/step-000.jpeg", "attempts/9.0.1/result.json", "episodes/1.0/steps.jsonl"} <= there
    assert not any(name.startswith(".") or "lock" in name for name in there)
    for name in there - {"bundle.json", "SHA256SUMS"}:
        assert (folder / name).read_bytes() == (run / name).read_bytes()
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_same_run_makes_the_same_bytes(run: Path, bundle: Path, workdir: Path, invoke: Invoke) -> None:
    first = bundle.read_bytes()
    copy = workdir / "elsewhere" / "r1"
    shutil.copytree(run, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    assert invoke("export", str(copy), "--to", f"bundle={workdir / 'b.tar.zst'}").code == 0
    assert (workdir / "b.tar.zst").read_bytes() == first


def test_a_good_bundle_is_verified_without_sites_browser_or_keys(bundle: Path, run: Path, invoke: Invoke) -> None:
    shutil.rmtree(run)
    done = invoke("verify", str(bundle), "--json")
    assert done.code == 0, done.out
    found = json.loads(done.out)
    assert (found["good"], found["with_sums"], found["faults"]) == (True, True, [])
    assert (found["same"], found["passed"], found["planned"], found["unscored"]) == (5, 4, 6, 1)
    told = invoke("verify", str(bundle)).out
    assert "r1: good: " in told
    assert "5 scores recomputed, all as recorded (4 of 6 planned passed, 1 without a score)" in told


def test_a_run_folder_is_verified_too_and_what_was_unpacked_is_a_run(
    run: Path, bundle: Path, workdir: Path, invoke: Invoke
) -> None:
    told = invoke("verify", str(run))
    assert told.code == 0, told.err
    assert "no checksums, as it is no bundle" in told.out
    done = invoke("verify", str(bundle), "--unpack", "others", "--json")
    assert json.loads(done.out)["unpacked_to"] == "others/r1"
    assert invoke("verify", "others/r1").code == 0
    assert "4 of 6 planned" in invoke("report", "r1", "--out", "others").out
    assert [path.name for path in (workdir / "others").iterdir()] == ["r1"]
    again = invoke("verify", str(bundle), "--unpack", "others")
    assert again.code == 2
    assert "others/r1 is there already" in again.err


def test_without_pictures_it_is_smaller_and_still_good(run: Path, workdir: Path, invoke: Invoke) -> None:
    assert invoke("export", "r1", "--to", "bundle=small.tar.zst", "-o", "pictures=false").code == 0
    assert invoke("verify", "small.tar.zst").code == 0
    assert not list(unpacked(workdir / "small.tar.zst", workdir / "x").rglob("*.jpeg"))


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw) + "\n")


def passes(raw: dict[str, Any]) -> None:
    raw["value"] = raw["scores"][0]["value"] = 1.0


def answers(raw: dict[str, Any]) -> None:
    raw["scores"][0]["evidence"]["answer"] = "one"


def forgets(raw: dict[str, Any]) -> None:
    raw["scores"][0]["evidence"] = {}
    raw["answer"] = "one"


def rewrites_a_verdict(raw: dict[str, Any]) -> None:
    raw["scores"][0]["verdicts"][0]["reply"] = "incorrect"


@pytest.mark.parametrize(
    ("name", "change", "faults"),
    [
        ("episodes/3.0/result.json", passes, "task 3 trial 0: recorded 1.0, recomputed 0.0"),
        ("episodes/1.0/result.json", answers, "task 1 trial 0: recorded 1.0, recomputed 0.0"),
        ("episodes/1.0/result.json", forgets, "task 1 trial 0: recorded 1.0, recomputed 0.0"),
        ("episodes/4.0/result.json", rewrites_a_verdict, "task 4 trial 0: recorded 1.0, recomputed 0.0"),
        ("manifest.json", lambda raw: raw["planned"].pop(0), "task 1 trial 0: has a result, and was not planned"),
        ("bundle.json", lambda raw: raw.update(passed=6), "says 6 of 6 passed, and the results say 4 of 6"),
        ("bundle.json", lambda raw: raw.update(format=9), "a bundle of a newer version (format 9)"),
    ],
)
@pytest.mark.parametrize("hides", [False, True], ids=["sums kept", "sums made anew"])
def test_what_was_changed_is_found(
    name: str,
    change: Callable[[dict[str, Any]], None],
    faults: str,
    hides: bool,  # noqa: FBT001
    bundle: Path,
    workdir: Path,
    invoke: Invoke,
) -> None:
    folder = unpacked(bundle, workdir / "x")
    edit(folder / name, change)
    if hides:
        (folder / "SHA256SUMS").unlink()
        done = subprocess.run("sha256sum $(find * -type f) > SHA256SUMS", shell=True, cwd=folder, check=False)
        assert done.returncode == 0
    done = invoke("verify", str(repacked(folder, workdir / "changed.tar.zst")))
    assert done.code == 1
    assert faults in done.err
    assert (f"{name}: is not the file that SHA256SUMS names" in done.err) is not hides


def test_missing_further_and_damaged_files_are_told(bundle: Path, workdir: Path, invoke: Invoke) -> None:
    folder = unpacked(bundle, workdir / "x")
    (folder / "run.log").unlink()
    (folder / "episodes/9.0/step-000.jpeg").unlink()
    (folder / "episodes/1.0/extra.txt").write_text("x")
    (folder / "episodes/2.0/result.json").write_text("{")
    edit(folder / "episodes/9.0/steps.jsonl", lambda raw: raw.update(screenshot_file="/etc/passwd"))
    steps = folder / "episodes/3.0/steps.jsonl"
    steps.write_text("nonsense\n" + steps.read_text())
    done = invoke("verify", str(folder))
    assert done.code == 1
    for told in (
        "run.log: is in SHA256SUMS, and missing",
        "episodes/1.0/extra.txt: is not in SHA256SUMS",
        "/etc/passwd: a step names this picture, and it is missing",
        "episodes/2.0/result.json: is damaged",
        "episodes/3.0/steps.jsonl, line 1: is damaged",
    ):
        assert told in done.err, told
    assert "r1: NOT good: " in done.out


def test_a_bundle_without_its_checksums_is_not_good(bundle: Path, workdir: Path, invoke: Invoke) -> None:
    folder = unpacked(bundle, workdir / "x")
    (folder / "SHA256SUMS").unlink()
    done = invoke("verify", str(repacked(folder, workdir / "without.tar.zst")))
    assert (done.code, "SHA256SUMS: is missing" in done.err) == (1, True)


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo("r1/link")
    info.type, info.linkname = kind, target
    return info


def special(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("r1/special")
    info.type = kind
    return info


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("../evil", "leads out of the folder"),
        ("r1/../../evil", "leads out of the folder"),
        ("/tmp/evil", "leads out of the folder"),
        ("r1//a", "leads out of the folder"),
        ("r1/a\\b", "leads out of the folder"),
        ("r1/a\x1b[2Jb", "is no name of a file"),
        ("other/file", "expected one folder in it, found other, r1"),
        ("r1/manifest.json", "is in it twice"),
        ("r1/manifest.json/x", "a file and a folder of it have the same name"),
        (f"r1/{'d/' * 1500}x", "is no name of a file"),
        (f"r1/{'n' * 300}", "is no name of a file"),
        (link(tarfile.SYMTYPE, "/etc/passwd"), "is a link, a device"),
        (link(tarfile.LNKTYPE, "r1/manifest.json"), "is a link, a device"),
        (special(tarfile.CHRTYPE), "is a link, a device"),
        (special(tarfile.FIFOTYPE), "is a link, a device"),
    ],
    ids=lambda value: str(getattr(value, "name", value))[:40],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    member: tarfile.TarInfo | str, message: str, workdir: Path, invoke: Invoke
) -> None:
    path = packed(workdir / "evil.tar.zst", ("r1/manifest.json", b"{}"), (member, b"x"))
    done = invoke("verify", str(path), "--unpack", "others")
    assert done.code == 1
    assert "refused: " in done.err
    assert message in done.err
    assert "\x1b" not in done.err
    assert list((workdir / "others").iterdir()) == []
    assert not (workdir / "evil").exists()


def test_absurd_sizes_are_refused_before_they_are_unpacked(
    workdir: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(archive, "MAX_BYTES", 2000)
    big = packed(workdir / "big.tar.zst", ("r1/a", bytes(1001)))
    many = packed(workdir / "many.tar.zst", *((f"r1/{number}", bytes(900)) for number in range(3)))
    headed = tarfile.TarInfo("r1/a")
    headed.pax_headers = {"comment": "x" * 100_000}
    long = packed(workdir / "long.tar.zst", (headed, b""))
    sparse = tarfile.TarInfo("r1/a")
    sparse.pax_headers = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,1", "GNU.sparse.major": "0"}
    holes = packed(workdir / "holes.tar.zst", (sparse, b"x"))
    for path, message in (
        (big, "too large"),
        (many, "too large"),
        (long, "a header of"),
        (holes, "is a link, a device"),
    ):
        done = invoke("verify", str(path))
        assert done.code == 1
        assert message in done.err, path


def test_a_bundle_that_is_cut_or_flipped_is_told(bundle: Path, workdir: Path, invoke: Invoke) -> None:
    whole = bundle.read_bytes()
    for at in (len(whole) // 2, 9 * len(whole) // 10):
        bundle.write_bytes(whole[:at])
        done = invoke("verify", str(bundle))
        assert done.code == 1
        assert "refused: " in done.err
    for at in (len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        bundle.write_bytes(bytes(flipped))
        assert invoke("verify", str(bundle)).code == 1


def test_what_is_no_bundle_is_bad_usage(workdir: Path, run: Path, invoke: Invoke) -> None:
    (workdir / "text.tar.zst").write_text("no bundle")
    (workdir / "empty").mkdir()
    for path, message in (
        ("text.tar.zst", "is no bundle: expected a .tar.zst file"),
        ("none.tar.zst", "cannot be read: No such file"),
        ("empty", "is a folder and no run"),
    ):
        done = invoke("verify", path)
        assert done.code == 2
        assert message in done.err
    for target, message in (("bundle=empty", "is a folder"), ("bundle=x.zip", "expected a name that ends in .tar.zst")):
        done = invoke("export", "r1", "--to", target)
        assert done.code == 2
        assert message in done.err


def test_a_named_pipe_in_a_run_folder_keeps_nobody_waiting(run: Path, invoke: Invoke) -> None:
    os.mkfifo(run / "judge" / "pipe.json")
    assert invoke("verify", str(run)).code == 0


def test_links_in_a_run_folder_are_not_followed(run: Path, workdir: Path, invoke: Invoke) -> None:
    (workdir / "secret").write_text("secret")
    (run / "judge" / "link.json").symlink_to(workdir / "secret")
    assert invoke("export", "r1", "--to", "bundle").code == 0
    assert not (unpacked(workdir / "results" / "r1.tar.zst", workdir / "x") / "judge" / "link.json").exists()


def test_a_run_is_verified_by_its_id_and_a_bundle_where_a_run_is_wanted_is_told(bundle: Path, invoke: Invoke) -> None:
    assert "r1: good" in invoke("verify", "r1").out
    done = invoke("report", str(bundle))
    assert (done.code, done.out) == (2, "")
    assert f"unpack it with `wa-run verify {bundle} --unpack FOLDER`" in done.err
    assert "missing.tar.zst: cannot be read" in invoke("verify", "missing.tar.zst").err
    assert "nosuch: no run folder" in invoke("verify", "nosuch").err


def test_a_run_that_was_unpacked_is_still_good_after_a_report_and_another_scoring(
    bundle: Path, workdir: Path, invoke: Invoke
) -> None:
    invoke("verify", str(bundle), "--unpack", "others")
    before = invoke("verify", "others/r1").out
    assert (workdir / "others/r1/SHA256SUMS").exists()
    invoke("report", "others/r1", "--html")
    invoke("rescore", "others/r1", "--profile", "strict")
    assert (workdir / "others/r1/report").is_dir()
    assert (workdir / "others/r1/rescored").is_dir()
    assert (before, invoke("verify", "others/r1").code) == (invoke("verify", "others/r1").out, 0)
    (workdir / "others/r1/judge/more.json").write_text("{}")
    assert "judge/more.json: is not in SHA256SUMS" in invoke("verify", "others/r1").err

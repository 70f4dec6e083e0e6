"""The wheel carries the data files that an installation needs, and what is installed is imported where it is used."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import webarena_runner

ROOT = Path(__file__).parents[1]


# Each is for one part only: tables, Gymnasium, a kind of model, merging checkpoints, one evaluator.
ONE_PART_ONLY = ("pandas", "gymnasium", "numpy", "openai", "tiktoken", "tokenizers", "huggingface_hub", "nltk")


def test_the_engine_of_a_run_imports_nothing_that_only_one_part_needs() -> None:
    code = f"import sys, webarena_runner.running.run; print([name for name in {ONE_PART_ONLY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_installed_version_is_the_packages_own() -> None:
    assert version("webarena-runner") == webarena_runner.__version__


@pytest.mark.parametrize(("made_with", "folder"), [("", ".venv"), ("{}", ".venv"), ("3.0", ".venv-{}")])
def test_make_keeps_an_environment_for_each_python(tmp_path: Path, made_with: str, folder: str) -> None:
    own = "{}.{}".format(*sys.version_info)
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements/dev.lock", "requirements/uv.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    if made_with:
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv/pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {made_with.format(own)}.4\n", "utf-8")
    command = ["make", "--dry-run", "smoke", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert f"\n{folder.format(own)}/bin/wa-run --model oracle" in done.stdout


def test_a_python_is_found_among_pyenvs_and_said_to_be_absent_otherwise(tmp_path: Path) -> None:
    there = tmp_path / "versions/3.99.1/bin/python"
    there.parent.mkdir(parents=True)
    there.write_text("#!/bin/sh\n", "utf-8")
    there.chmod(0o755)
    for asked, found in (("3.99", f"{there}\n"), ("3.98", "")):
        command = [str(ROOT / ".ci/find-python"), asked]
        environ = {**os.environ, "PYENV_ROOT": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
        assert done.stdout == found


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files in a wheel that is built from the checkout; pip gets the build backend from the package index."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("webarena_runner-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["configs", "tasks"])
def test_the_wheel_carries_every_data_file(wheel_names: set[str], folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert files
    expected = {f"webarena_runner/_data/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert expected <= wheel_names


@pytest.mark.slow
def test_the_wheel_carries_every_file_of_the_packages(wheel_names: set[str]) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for package in ("webarena_runner", "webarena_mini")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"webarena_runner/py.typed", "webarena_mini/py.typed"} <= files
    assert any(name.endswith(".html") for name in files)
    assert files <= wheel_names


@pytest.mark.slow
def test_the_wheel_carries_neither_tests_nor_results(wheel_names: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel_names if ".dist-info" not in name} == {
        "webarena_runner",
        "webarena_mini",
    }


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv from the package index; it keeps what it gets in a folder of the test."""
    folder = tmp_path_factory.mktemp("uv")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uv>=0.9"]
    subprocess.run(command, capture_output=True, text=True, check=True)
    return folder / "bin" / "uv"


@pytest.mark.slow
@pytest.mark.parametrize("command", [("run", "wa-run"), ("tool", "run", "--from", ".", "wa-run")], ids=["run", "uvx"])
def test_uv_runs_a_clean_checkout(tmp_path: Path, uv: Path, command: tuple[str, ...]) -> None:
    """uv solves for all extras at once, so that it needs to know which of them exclude each other."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), "checkout"], check=True, cwd=tmp_path)
    checkout = tmp_path / "checkout"
    # What a commit would have, so that the test says something of the files as they are now.
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, checkout / name)
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environ |= {"UV_CACHE_DIR": str(uv.parents[1] / "cache"), "UV_PYTHON": sys.executable}
    run = subprocess.run(
        [str(uv), *command, "--version"], capture_output=True, text=True, check=False, env=environ, cwd=checkout
    )
    assert (run.returncode, run.stdout.strip()) == (0, f"webarena-runner {webarena_runner.__version__}"), run.stderr
    status = subprocess.run(["git", "status", "--short"], capture_output=True, text=True, check=True, cwd=checkout)
    assert "uv.lock" not in status.stdout

"""The wheel carries the data files that an installation needs, and what is installed is imported where it is used."""

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

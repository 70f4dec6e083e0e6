"""The wheel carries the data files that an installation needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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

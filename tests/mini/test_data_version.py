"""The version of the embedded data changes with what makes the data, and with nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import webarena_mini
from webarena_mini.catalog import data_version

PACKAGE = Path(webarena_mini.__file__).parent
TASKS = b"[]"


def version_in(folder: Path) -> str:
    """As another process finds it in a copy of the package."""
    program = f"from webarena_mini.catalog import data_version; print(data_version({TASKS!r}))"
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ, cwd=folder)
    return done.stdout.strip()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "webarena_mini", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_copy_of_the_package_has_the_same_version(copied: Path) -> None:
    # Twice, since the first process leaves compiled files.
    assert {version_in(copied), version_in(copied)} == {data_version(TASKS)}


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("sites/forum/data/topics/baking.toml", True),
        ("sites/shop/seed/orders.py", True),
        ("sites/map/schema.sql", True),
        ("region/places.toml", True),
        ("sites/forum/templates/base.html", False),
        ("sites/shop/static/shop.css", False),
        ("sites/codehost/pages/issues.py", False),
    ],
)
def test_a_changed_file_counts_when_the_data_is_made_from_it(copied: Path, file: str, changes: bool) -> None:
    path = copied / "webarena_mini" / file
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert (version_in(copied) != data_version(TASKS)) is changes


def test_other_tasks_are_another_version() -> None:
    assert data_version(b"[] ") != data_version(TASKS)

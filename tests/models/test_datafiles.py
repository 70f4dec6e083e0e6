"""Where configuration files are found."""

from pathlib import Path

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "configs" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("backend: replay\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_names_are_of_the_working_directory_and_of_the_package(workplace: Path) -> None:
    assert {"mine", "llama3-vllm"} <= set(datafiles.names("models"))


def test_a_file_of_the_working_directory_wins(workplace: Path) -> None:
    (workplace / "llama3-vllm.yaml").write_text("backend: replay\n")
    assert datafiles.find("models", "llama3-vllm") == workplace / "llama3-vllm.yaml"


@pytest.mark.parametrize("name", ["mine", "mine.yaml", "configs/models/mine.yaml", "{folder}/mine.yaml"])
def test_a_file_is_found_by_name_or_path(workplace: Path, name: str) -> None:
    assert datafiles.find("models", name.format(folder=workplace)).resolve() == workplace / "mine.yaml"


def test_a_missing_path_is_told(workplace: Path) -> None:
    with pytest.raises(ConfigError, match=r"elsewhere/mine.yaml: no such file.*llama3-vllm"):
        datafiles.find("models", "elsewhere/mine.yaml")


def test_an_unknown_name_is_told_with_the_nearest_and_where_to_add_it(workplace: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'mine'\?.*configs/models/mimes.yaml"):
        datafiles.find("models", "mimes")

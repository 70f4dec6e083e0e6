"""Profile files, `configs/profiles/NAME.yaml`: the settings that make numbers comparable."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import valid_keys
from webarena_runner.settings.records import ActionSettings, RunSettings
from webarena_runner.settings.yaml import Document, describe, read_yaml

OFFICIAL = "webarena"
# What a run is about, which no profile decides.
FROM_ELSEWHERE = ("profile", "model", "task_set", "tasks", "sites")


@dataclass(frozen=True)
class Profile:
    """A profile file with defaults for what it leaves out; `description` is the comment that it begins with."""

    name: str
    path: Path
    description: str
    settings: RunSettings


def read_profile(name: str) -> Document:
    """Raises ConfigError when there is no such file, or it sets what is an option of the run."""
    document = read_yaml(datafiles.find("profiles", name))
    for key in FROM_ELSEWHERE:
        if key in document.values:
            raise ConfigError(f"{document.where((key,))}: a profile cannot set '{key}'; it is an option of the run")
    return document


def load_profile(name: str) -> Profile:
    """A profile by name or path. Raises ConfigError with file, line and key of what is wrong in it."""
    document = read_profile(name)
    path = document.path
    try:
        settings = RunSettings.model_validate({"profile": path.stem, **document.values})
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(RunSettings))) from error
    return Profile(path.stem, path, _description(path.read_text(encoding="utf-8")), settings)


def load_actions(name: str) -> ActionSettings:
    """The `actions` section of a profile; the file is read again only when it has changed."""
    path = datafiles.find("profiles", name)
    return _actions_in(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _actions_in(path: Path, changed_ns: int) -> ActionSettings:
    return load_profile(str(path)).settings.actions


def _description(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)

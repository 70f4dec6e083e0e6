"""What a new project can start from, read from `project_templates.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from webarena_mini.sites.codehost import FOLDER


@dataclass(frozen=True)
class ProjectTemplate:
    """`files` maps paths to contents, in which «name» stands for the project's name."""

    name: str
    description: str
    files: Mapping[str, str]


@cache
def _load() -> dict[str, ProjectTemplate]:
    text = (FOLDER / "data" / "project_templates.toml").read_text("utf-8")
    return {key: ProjectTemplate(**values) for key, values in tomllib.loads(text).items()}


def project_templates() -> Mapping[str, ProjectTemplate]:
    return _load()

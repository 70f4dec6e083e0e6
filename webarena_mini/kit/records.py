"""Data files of a site, and records that they are read into."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)  # a safe loader, ten times faster than SafeLoader

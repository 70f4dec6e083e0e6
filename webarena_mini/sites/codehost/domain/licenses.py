"""Texts that a LICENSE file can start from, read from `licenses.toml`."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from webarena_mini.sites.codehost import FOLDER

_SLOT = re.compile(r"«(\w+)»")


@cache
def _load() -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / "data" / "licenses.toml").read_text("utf-8"))


def license_names() -> Mapping[str, str]:
    """Full names by key."""
    return {key: entry["name"] for key, entry in _load().items()}


def license_text(key: str, *, owner: str, year: str) -> str:
    """Raises KeyError for a licence that is not among them."""
    words = {"owner": owner, "year": year}
    return _SLOT.sub(lambda match: words[match[1]], _load()[key]["text"])


def is_license_file(path: str) -> bool:
    return path.rpartition("/")[2].lower().startswith(("license", "licence", "copying"))

"""What is read of the installed package `miniwob`. It is never imported: that would start Selenium's."""

import ast
import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from webarena_runner.errors import ConfigError
from webarena_runner.extras import how_to_install

FLIGHTS = "flight."


@dataclass(frozen=True)
class Page:
    """One task: `about` is the package's sentence on it, `path` that of its page below the folder of pages."""

    name: str
    about: str
    path: str

    @property
    def is_flight(self) -> bool:
        return self.name.startswith(FLIGHTS)


def package_folder() -> Path:
    """Raises ConfigError when the package is not installed."""
    found = find_spec("miniwob")
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            f"task set 'miniwob' needs the package miniwob, which is not installed; run: {how_to_install('miniwob')}"
        )
    return Path(found.submodule_search_locations[0])


def package_version() -> str:
    return version("miniwob")


def pages() -> tuple[Page, ...]:
    """Of the tasks that the package announces, by name. Raises ConfigError when it is not installed."""
    folder = package_folder()
    found = [page for source in sorted((folder / "envs").glob("*_envs.py")) for page in _announced(source)]
    there = [page for page in found if (folder / "html" / page.path).is_file()]
    return tuple(sorted(there, key=lambda page: page.name))


def checksum(shown: tuple[Page, ...]) -> str:
    """Of the pages themselves, not of what they share."""
    folder, digest = package_folder() / "html", hashlib.sha256()
    for page in shown:
        digest.update(page.name.encode() + b"\0" + (folder / page.path).read_bytes())
    return digest.hexdigest()


def _announced(source: Path) -> list[Page]:
    found = []
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and (name := _subdomain(node)):
            path = f"{name.replace('.', '/')}/wrapper.html" if name.startswith(FLIGHTS) else f"miniwob/{name}.html"
            found.append(Page(name, _about(ast.get_docstring(node) or ""), path))
    return found


def _subdomain(described: ast.ClassDef) -> str:
    for node in described.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="subdomain")], value=ast.Constant(value=str(name))):
                return name
    return ""


def _about(docstring: str) -> str:
    """The first paragraph below "Description", in one line."""
    parts = [part for part in docstring.partition("## Description")[2].split("\n\n") if part.strip()]
    return " ".join(parts[0].split()) if parts else ""

"""How to install what an extra of a package brings, by the way in which the package itself came here."""

import json
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

PACKAGE = "webarena-runner"
# Modules whose distribution has another name.
_DISTRIBUTIONS = {"PIL": "pillow", "mlflow": "mlflow-skinny"}
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_RECEIPT = "uv-receipt.toml"
Installer = Literal["pip", "uv pip", "uv tool", "uvx", "pipx"]


@dataclass(frozen=True)
class Origin:
    """Where a package was installed from; `url` "": a package index, else a folder, an archive, or a commit."""

    url: str = ""
    folder: Path | None = None
    editable: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether it was a file or folder of this machine that is no longer there."""
        return self.url.startswith("file:") and not Path(unquote(urlsplit(self.url).path)).exists()

    def requirement(self, package: str, *extras: str) -> str:
        bracketed = f"[{','.join(extras)}]" if extras else ""
        if self.folder:
            return f"{self.folder}{bracketed}"
        return f"{package}{bracketed} @ {self.url}" if self.url else f"{package}{bracketed}"


@dataclass(frozen=True)
class Environment:
    """The one that this Python is of; `extras` are those that the runner was installed with, where that is known."""

    made_by: Installer
    python: str = sys.executable
    extras: tuple[str, ...] = ()

    def command(self, requirements: Sequence[str], *, editable: bool = False) -> str:
        """Adds packages."""
        words = [*(["--editable"] if editable else []), *requirements]
        match self.made_by:
            case "pipx":
                return shlex.join(["pipx", "inject", PACKAGE, *words])
            case "pip":
                return shlex.join([self.python, "-m", "pip", "install", *words])
        return shlex.join(["uv", "pip", "install", "--python", self.python, *words])


def how_to_install(extra: str, *, package: str = PACKAGE) -> str:
    """The command that adds an extra to a package that is here."""
    return extra_command(environment(), origin(package), package, extra, requirements(package, extra))


def how_to_add(*requirements: str) -> str:
    """The command that adds further packages to this Python."""
    return environment().command(requirements)


def extra_for(module: str, requirements: Iterable[str]) -> str | None:
    """The extra whose requirements bring a module in, from `Requires-Dist` lines; `dev` only at last."""
    wanted = _normalised(_DISTRIBUTIONS.get(module.partition(".")[0], module))
    found = []
    for line in requirements:
        requirement, _, marker = line.partition(";")
        extra, name = _EXTRA.search(marker), _NAME.match(requirement.strip())
        if extra and name and f"{wanted}-".startswith(f"{_normalised(name.group())}-"):
            found.append(extra.group(1))
    return min(found, key=lambda each: each == "dev", default=None)


def environment() -> Environment:
    prefix = Path(sys.prefix)
    if (prefix / _RECEIPT).exists():
        return Environment("uv tool", extras=_extras_in(prefix / _RECEIPT))
    if (prefix / "pipx_metadata.json").exists():
        return Environment("pipx")
    # uv marks its cache, in which uvx makes environments, as one; environments are marked so too.
    if any((above / "CACHEDIR.TAG").exists() for above in prefix.parents):
        return Environment("uvx")
    return Environment("pip" if find_spec("pip") or not shutil.which("uv") else "uv pip")


def _extras_in(receipt: Path) -> tuple[str, ...]:
    """Those that a tool was installed with, which installing it again without them would take away."""
    named = tomllib.loads(receipt.read_text("utf-8")).get("tool", {}).get("requirements", [])
    return next((tuple(each.get("extras", ())) for each in named if each.get("name") == PACKAGE), ())


def origin(package: str) -> Origin:
    """By the file that installers leave of a direct address, PEP 610."""
    try:
        record = json.loads(distribution(package).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return Origin()
    url = record.get("url", "")
    if "dir_info" in record:
        return Origin(url, Path(unquote(urlsplit(url).path)), bool(record["dir_info"].get("editable")))
    if "vcs_info" in record:
        vcs = record["vcs_info"]
        return Origin(f"{vcs['vcs']}+{url}@{vcs['commit_id']}")
    return Origin(url)


def requirements(package: str, extra: str) -> tuple[str, ...]:
    """What an extra brings, without its conditions; an extra of the package itself stands for what that one brings."""
    try:
        lines = distribution(package).requires or []
    except PackageNotFoundError:
        return ()
    found: list[str] = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        named = _EXTRA.search(marker)
        if named is None or _normalised(named.group(1)) != _normalised(extra):
            continue
        name, _, rest = requirement.strip().partition("[")
        if rest and _normalised(name) == _normalised(package):
            found += requirements(package, rest.partition("]")[0])
        else:
            found.append(requirement.strip())
    return tuple(dict.fromkeys(found))


def extra_command(here: Environment, came_from: Origin, package: str, extra: str, requirements: Sequence[str]) -> str:
    """`requirements` are what is added where the package cannot be installed again from where it came."""
    beside_ours = package != PACKAGE and here.made_by in ("uv tool", "uvx")
    if requirements and (came_from.is_gone or here.made_by == "pipx" or beside_ours):
        return here.command(requirements)
    target = came_from.requirement(package, *dict.fromkeys((*here.extras, extra)))
    match here.made_by:
        case "uv tool":
            editable = ["--editable"] if came_from.editable else []
            return shlex.join(["uv", "tool", "install", "--force", *editable, target])
        case "uvx":
            return shlex.join(["uvx", "--from", target, "wa-run"])
    return here.command([target], editable=came_from.editable)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

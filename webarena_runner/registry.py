"""Plug-ins by name: classes that packages announce as entry points, imported when asked for."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points, requires
from typing import Any, Literal

from webarena_runner.errors import ConfigError

Group = Literal[
    "models",
    "agents",
    "tasksets",
    "environments",
    "observers",
    "evaluators",
    "sites",
    "executors",
    "exporters",
]
_PACKAGE = "webarena-runner"
# Modules whose distribution has another name.
_DISTRIBUTIONS = {"PIL": "pillow"}


def names(group: Group) -> list[str]:
    return sorted({entry.name for entry in _entries(group)})


def require(group: Group, name: str) -> EntryPoint:
    """The entry point of a name, nothing imported; when two packages announce one name, the first installed wins.

    Raises:
        ConfigError: unknown name; it lists the known and the nearest.
    """
    entry = next((entry for entry in _entries(group) if entry.name == name), None)
    if entry is not None:
        return entry
    known = names(group)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{close[0]}'?" if close else "."
    raise ConfigError(f"unknown {group.removesuffix('s')} plug-in '{name}'{hint} Known: {', '.join(known) or 'none'}")


def load(group: Group, name: str) -> Any:
    """The class announced as `name`.

    Raises:
        ConfigError: unknown name, or its module needs a package that is not installed.
    """
    entry = require(group, name)
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        raise ConfigError(_missing(group, entry, error.name or str(error))) from error
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{group.removesuffix('s')} plug-in '{name}' ({entry.value}) cannot be imported: {error}"
        ) from error


def extra_for(module: str, requirements: Iterable[str]) -> str | None:
    """The extra whose requirements bring a module in, from `Requires-Dist` lines."""
    wanted = _normalised(_DISTRIBUTIONS.get(module.partition(".")[0], module))
    for line in requirements:
        requirement, _, marker = line.partition(";")
        extra = re.search(r"""extra\s*==\s*['"]([^'"]+)['"]""", marker)
        distribution = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
        if extra and distribution and f"{wanted}-".startswith(f"{_normalised(distribution.group())}-"):
            return extra.group(1)
    return None


def _entries(group: Group) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=f"webarena_runner.{group}"))


def _missing(group: Group, entry: EntryPoint, module: str) -> str:
    message = (
        f"{group.removesuffix('s')} plug-in '{entry.name}' needs the Python module '{module}', which is not installed"
    )
    package = entry.dist.name if entry.dist else _PACKAGE
    extra = extra_for(module, requires(package) or ())
    if extra:
        return f"{message}; run: pip install '{package}[{extra}]'"
    return f"{message}; install the package that provides it (the plug-in comes from {package})"


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
